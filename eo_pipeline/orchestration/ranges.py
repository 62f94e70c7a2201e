"""Sets of partitions as few ranges, since a run takes one range of each dimension.

What does not belong here: running them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from eo_pipeline.orchestration.partitions import PartitionKey

PARTITIONS_A_RUN = 500


def rectangles(
    wanted: Iterable[PartitionKey], *, areas: Sequence[str], periods: Sequence[str], size: int = PARTITIONS_A_RUN
) -> Iterator[list[PartitionKey]]:
    """Cut partitions into full rectangles of consecutive areas and consecutive periods, period by period.

    Args:
        wanted: any partitions.
        areas: every area, in Dagster's order.
        periods: every period, in Dagster's order.
        size: at most about this many partitions each.
    """
    area_number = {key: number for number, key in enumerate(areas)}
    by_period: dict[str, list[int]] = {}
    for key in wanted:
        by_period.setdefault(key.period, []).append(area_number[key.area])
    rows = [(n, p, tuple(sorted(by_period[p]))) for n, p in enumerate(periods) if p in by_period]
    for (_, numbers), group in groupby(enumerate(rows), key=lambda row: (row[1][0] - row[0], row[1][2])):
        in_row = [period for _, (_, period, _) in group]
        for columns in _consecutive(numbers, size):
            height = max(1, size // len(columns))
            for start in range(0, len(in_row), height):
                chunk = in_row[start : start + height]
                yield [PartitionKey(areas[c], period) for period in chunk for c in columns]


def _consecutive(numbers: Sequence[int], size: int) -> Iterator[list[int]]:
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        row = [number for _, number in group]
        yield from (row[start : start + size] for start in range(0, len(row), size))
