"""What the demo says while it works."""

from eo_pipeline.cli.demo import begun
from eo_pipeline.orchestration.status import ProductStatus, StageStatus


def status(product: str, **done: int) -> ProductStatus:
    stages = [StageStatus(stage, wanted=6, done=n, no_images=0, stale=0, failed=0) for stage, n in done.items()]
    return ProductStatus(product, tuple(stages))


def test_stages_are_told_once_they_have_begun_and_the_first_from_the_start() -> None:
    statuses = [status("ndvi", submission=6, export=2, tiles=0), status("heat", submission=0, export=0)]
    assert begun(statuses) == {"ndvi submission": (6, 6), "ndvi export": (2, 6), "heat submission": (0, 6)}
