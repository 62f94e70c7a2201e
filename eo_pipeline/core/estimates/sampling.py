"""Which partitions tell most about all: a few, spread over areas and periods, the same ones each time.

What does not belong here: exporting them.
"""

from collections.abc import Sequence

_GOLDEN = 0.6180339887498949
"""Multiples of it, without their whole part, fill 0..1 evenly however many there are."""


def spread[T](areas: Sequence[T], periods: Sequence[T], count: int) -> list[tuple[T, T]]:
    """At most `count` different (area, period), evenly in periods and in areas.

    Args:
        areas: in an order in which neighbours are alike, not empty.
        periods: in order of time, not empty.
        count: how many, above 0.
    """
    every = len(areas) * len(periods)
    wanted = min(count, every)
    if wanted == every:
        return [(area, period) for period in periods for area in areas]
    chosen: dict[tuple[int, int], None] = {}
    for number in range(every):
        chosen.setdefault(_place(number, wanted, len(areas), len(periods)))
        if len(chosen) == wanted:
            break
    rest = ((a, p) for p in range(len(periods)) for a in range(len(areas)))
    while len(chosen) < wanted:
        chosen.setdefault(next(rest))
    return [(areas[a], periods[p]) for a, p in chosen]


def _place(number: int, wanted: int, areas: int, periods: int) -> tuple[int, int]:
    in_time = (number + 0.5) / wanted % 1
    in_space = (number + 0.5) * _GOLDEN % 1
    return int(in_space * areas), int(in_time * periods)
