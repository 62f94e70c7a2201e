"""Places in a store of chips: kept, freed, taken again, and new ones at the end."""

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.chips.slots import allocate, runs


def texts(*values: str) -> NDArray[np.object_]:
    return np.array(values, dtype=object)


@pytest.mark.parametrize(
    ("ids", "partitions", "wanted", "slots", "freed", "length"),
    [
        ("", "", "abc", [0, 1, 2], [], 3),
        ("ab", "PP", "abc", [0, 1, 2], [], 3),
        ("ab", "PP", "ba", [1, 0], [], 2),
        ("ab", "QQ", "ab", [2, 3], [], 4),
        ("abc", "PQP", "ad", [0, 2], [], 3),
        ("abc", "PQP", "c", [2], [0], 3),
        ("abc", "P-P", "cdef", [2, 0, 1, 3], [], 4),
        ("abc", "PQP", "", [], [0, 2], 3),
    ],
)
def test_places(  # noqa: PLR0917 - pytest gives them by name
    ids: str, partitions: str, wanted: str, slots: list[int], freed: list[int], length: int
) -> None:
    owners = texts(*(owner.replace("-", "") for owner in partitions))
    found = allocate(texts(*ids), owners, "P", list(wanted))
    assert (found.slots.tolist(), found.freed.tolist(), found.length) == (slots, freed, length)


@pytest.mark.parametrize(
    ("slots", "cut", "expected"),
    [
        ([], 4, []),
        ([0, 1, 2], 4, [(0, 3)]),
        ([2, 3, 4, 5], 4, [(0, 2), (2, 4)]),
        ([1, 3, 8], 4, [(0, 1), (1, 2), (2, 3)]),
        ([0, 1, 5, 6], 100, [(0, 2), (2, 4)]),
    ],
)
def test_runs_of_places_that_are_written_together(slots: list[int], cut: int, expected: list[tuple[int, int]]) -> None:
    assert [(run.start, run.stop) for run in runs(np.array(slots, "i8"), cut=cut)] == expected
