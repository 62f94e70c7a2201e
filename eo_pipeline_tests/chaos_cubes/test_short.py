"""A short run of `make chaos-cubes`: real processes, one or two kills."""

from pathlib import Path

import pytest

from eo_pipeline_tests.chaos_cubes.soak import Options, run
from eo_pipeline_tests.chaos_cubes.stores import Kind


@pytest.mark.parametrize("store", ["local", "gcs"])
def test_nothing_is_lost_doubled_or_different_after_a_few_kills(tmp_path: Path, store: Kind) -> None:
    told: list[str] = []
    options = Options(
        tmp_path / "chaos",
        seed=3,
        store=store,
        areas=2,
        partitions=4,
        writers=2,
        kills=2,
        seconds=100,
        shard_seconds=0.2,
    )
    report = run(options, told.append)
    assert report.complaints == [], "\n".join([*told, *report.lines()])
    assert 1 <= report.kills.total() <= 2
    assert report.sentence.startswith(f"Chaos survived ({store}, seed 3): ")
