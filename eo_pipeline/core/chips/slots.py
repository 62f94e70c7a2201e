"""Which place each chip of a partition has in a store, given whose the places are.

What does not belong here: the store's arrays (`store_template`), and writing them (`storage.chips`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Allocation:
    """Places of one partition's chips.

    Attributes:
        slots: of the wanted chips, in their order, counted from 0.
        freed: that held chips of the partition which are not wanted any more, and now hold none.
        length: of the store afterwards.
    """

    slots: NDArray[np.int64]
    freed: NDArray[np.int64]
    length: int


def allocate(
    ids: NDArray[np.object_], partitions: NDArray[np.object_], partition: str, wanted: Sequence[str]
) -> Allocation:
    """A place for each wanted chip: the one that it has, else one that is nobody's, else one at the end.

    Args:
        ids: of the chips at the store's places.
        partitions: of the same places; empty where there is no chip.
        partition: whose chips are wanted; no chip has an empty partition.
        wanted: ids, each once.
    """
    held = {str(ids[slot]): int(slot) for slot in np.flatnonzero(partitions == partition)}
    left = sorted(held[name] for name in held.keys() - set(wanted))
    free = iter([*sorted([*left, *map(int, np.flatnonzero(partitions == ""))]), *_endless(len(ids), len(wanted))])
    slots = [held[name] if name in held else next(free) for name in wanted]
    freed = sorted(set(left) - set(slots))
    return Allocation(np.array(slots, "i8"), np.array(freed, "i8"), max([len(ids), *(slot + 1 for slot in slots)]))


def _endless(length: int, most: int) -> range:
    return range(length, length + most)


def runs(slots: NDArray[np.int64], *, cut: int) -> list[slice]:
    """Slices of ascending slots within which one follows the other and no multiple of `cut` lies between them."""
    if not len(slots):
        return []
    breaks = (np.diff(slots) != 1) | (slots[1:] % cut == 0)
    edges = [0, *(np.flatnonzero(breaks) + 1), len(slots)]
    return [slice(int(start), int(stop)) for start, stop in pairwise(edges)]
