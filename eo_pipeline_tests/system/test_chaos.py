"""A short run of `make chaos`: real services, a few kills, everything else that goes wrong."""

from pathlib import Path

import pytest

from eo_pipeline_tests.chaos.chaos import Options, run

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def test_nothing_is_lost_doubled_or_different_after_chaos(tmp_path: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "chaos"
    options = Options(folder, seed=3, partitions=4, kills=3, seconds=300, task_seconds=1, patience=8, hurried=True)
    verdict = run(options, told.append)
    assert verdict.complaints == [], "\n".join([*told, *verdict.lines()])
    assert verdict.kills.total() == 3
    assert verdict.struck.total() > 0
