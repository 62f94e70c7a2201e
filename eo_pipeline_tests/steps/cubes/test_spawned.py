"""Batches by an engine, and the errors of several as one."""

import time

import pytest

from eo_pipeline.engines import Environment, Policy, Progress
from eo_pipeline.errors import CubeError, SourceError
from eo_pipeline.steps.cubes.spawned import Spawned
from eo_pipeline_tests.steps.cubes.here import Here

TRY_ALL = Policy(first_failure="try_all")


def double(number: int) -> int:
    if number < 0:
        raise SourceError(f"tile {number} cannot be read")
    if number == 0:
        raise CubeError("no zero")
    time.sleep(0.01)
    return 2 * number


def test_results_come_with_a_timeline() -> None:
    seen: list[Progress] = []
    spawned = Spawned(Here(), environment=Environment(), progress=seen.append)
    assert sorted(spawned(double, (1, 2, 3))) == [2, 4, 6]
    assert len(spawned.timeline.bars) == 3
    assert spawned.timeline.worker_seconds > 0.02
    assert seen[-1].done == 3


def test_errors_of_a_kind_are_told_together() -> None:
    with pytest.raises(SourceError) as caught:
        list(Spawned(Here(), policy=TRY_ALL)(double, (-1, 1, -2)))
    assert str(caught.value) == "tile -1 cannot be read\ntile -2 cannot be read"


def test_other_errors_are_noted_beside_the_first() -> None:
    with pytest.raises(SourceError) as caught:
        list(Spawned(Here(), policy=TRY_ALL)(double, (-1, 0)))
    assert str(caught.value) == "tile -1 cannot be read"
    assert "and in another batch: no zero" in caught.value.__notes__


def test_the_first_failure_stops_the_others() -> None:
    with pytest.raises(SourceError) as caught:
        list(Spawned(Here())(double, (-1, -2)))
    assert str(caught.value) == "tile -1 cannot be read"
