"""Work in threads: all of it, or the first error."""

import threading
import time
from collections.abc import Iterator

import pytest

from eo_pipeline.storage.threads import in_threads


def test_every_item_is_worked_on_once() -> None:
    done: list[int] = []
    in_threads(done.append, range(1000), threads=4)
    assert sorted(done) == list(range(1000))


def test_as_many_threads_work_at_once_as_were_asked_for() -> None:
    together = threading.Barrier(3, timeout=5)
    in_threads(lambda _: together.wait(), range(9), threads=3)


def test_the_first_error_stops_the_rest_and_is_raised_as_it_is() -> None:
    done: list[int] = []

    def work(item: int) -> None:
        if item == 5:
            raise ValueError("item 5")
        time.sleep(0.001)
        done.append(item)

    with pytest.raises(ValueError, match="item 5"):
        in_threads(work, range(10_000), threads=3)
    assert len(done) < 100


def test_items_that_cannot_be_made_are_an_error_too() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        in_threads(lambda _: None, items(), threads=2)
