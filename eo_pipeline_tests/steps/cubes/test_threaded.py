"""Threads of this process as workers: all batches at once, the first failure ends the rest."""

import threading
import time
from dataclasses import replace

import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.engines import Progress
from eo_pipeline.engines.cores import usable_cores
from eo_pipeline.steps.cubes.threaded import Threaded
from eo_pipeline_tests.storage.cubes.examples import template, utm


def test_as_many_work_at_once_as_there_are_cores() -> None:
    """Each waits for all others."""
    together, told = threading.Barrier(usable_cores(), timeout=60), list[Progress]()

    def work(number: int) -> int:
        together.wait()
        return number**2

    threads, numbers = Threaded(template(), progress=told.append), range(2 * usable_cores())
    assert sorted(threads(work, numbers)) == [number**2 for number in numbers]
    assert len(threads.timeline.workers) == usable_cores()
    assert sorted(bar.number for bar in threads.timeline.bars) == list(numbers)
    assert all(bar.ended == "done" and 0 <= bar.start <= bar.end for bar in threads.timeline.bars)
    assert [(one.done, one.total) for one in told] == [(number + 1, len(numbers)) for number in numbers]


def test_large_shards_are_worked_at_one_by_one() -> None:
    """Three bands of float64 in shards of 4096 are 403 MB."""
    bands = tuple(BandEncoding(name, "float64") for name in "abc")
    large = replace(template(bands=bands, geobox=utm(4096, 4096)), chunk=256, shard=4096)
    at_work, most = [0], [0]

    def work(number: int) -> int:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        at_work[0] -= 1
        return number

    threads = Threaded(large)
    assert sorted(threads(work, range(20))) == list(range(20))
    assert most == [1]
    assert len(threads.timeline.workers) == 1


def test_the_first_failure_ends_the_rest() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 0:
            raise ValueError("no luck")
        time.sleep(0.002)
        return number

    with pytest.raises(ValueError, match="no luck"):
        list(Threaded(template())(work, range(10_000)))
    assert len(begun) < 10_000


def test_nothing_is_told_of_a_single_batch() -> None:
    told: list[Progress] = []
    threads = Threaded(template(), progress=told.append)
    assert list(threads(str, [1])) == ["1"]
    assert told == []
    assert len(threads.timeline.bars) == 1
