"""Points of the scenes' product; run as a program, it asks for them two groups at a time.

What does not belong here: expectations.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core import keys
from eo_pipeline.core.exports.export_plan import CloudStorage
from eo_pipeline.core.points.places import Points
from eo_pipeline.core.product import Product
from eo_pipeline.core.requests.patience import Patience
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.interactive.client import InteractiveClient
from eo_pipeline.earth_engine.point_requests import point_image
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.steps.exports.plan_export import plan_export, read_inputs
from eo_pipeline.steps.points.sample_points import PointOrder, SampledPoints, sample_points
from eo_pipeline_tests.end_to_end.pipeline import BUCKET
from eo_pipeline_tests.scenes import LEFT, TOP, settings_at
from eo_pipeline_tests.steps.exports import fetching

HASTY = Patience(first_wait=0.02, longest_wait=0.05, seconds=5)


def product(**sections: object) -> Product:
    """Two bands of one month, the largest of three scenes, at points of a file that nobody reads here."""
    points = {"file": "stations.csv", "id": "station", "x": "x", "y": "y"}
    plain = {"name": "pointed", "export": None, "points": points, "composite": {"reducer": "max"}}
    return fetching.product(**{**plain, **sections})  # type: ignore[arg-type]  # sections by name


def points_at(rows: NDArray[np.int64], columns: NDArray[np.int64], *, seed: int = 1) -> Points:
    """A point somewhere in each of some pixels (n,) of the scenes, called `p<n>`."""
    random = np.random.default_rng(seed)
    inside = random.uniform(0.01, 0.99, (2, len(rows)))
    ids = np.array([f"p{number}" for number in range(len(rows))], dtype=object)
    return Points(ids, LEFT + (columns + inside[0]) * 10, TOP - (rows + inside[1]) * 10)


def order(
    settings: Settings,
    session: Session,
    points: Points,
    *,
    made: Product | None = None,
    cell: int = 256,
    tolerance: float = 0.0,
) -> PointOrder:
    """What is asked for in January."""
    wanted = made or product()
    area, period = fetching.area_of(wanted), wanted.period.rule.parse("2024-01")
    [(_, inputs)] = read_inputs(session, wanted, [(area, period)])
    nowhere = CloudStorage(BUCKET)
    planned = plan_export(
        settings, wanted, area=area, period=period, inputs=inputs, destination=nowhere, native_resolution=10
    )
    image = point_image(planned.value, planned.bands, area.geobox, tag=keys.workload_tag(wanted.name))
    return PointOrder(image, points, cell, (0, 0), tolerance)


def sample(session: Session, wanted: PointOrder, folder: Path, **options: Any) -> SampledPoints:
    """With little patience."""
    folder.mkdir(exist_ok=True)
    return sample_points(InteractiveClient(session), wanted, folder=folder, **{"patience": HASTY, **options})


def many() -> Points:
    """Points all over the area, and a crowd where the scenes are."""
    random = np.random.default_rng(8)
    rows, columns = random.integers(0, 600, (2, 400))
    crowded = random.integers(0, 20, (2, 300))
    return points_at(np.concatenate([rows, crowded[0]]), np.concatenate([columns, crowded[1]]))


def main(url: str, interactive_url: str, folder: str) -> None:
    """Ask two at a time."""
    settings = replace(settings_at(url), interactive_url=interactive_url)
    session = connect(settings, interactive=True)
    sample(session, order(settings, session, many(), cell=4), Path(folder), patience=replace(HASTY, at_once=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
