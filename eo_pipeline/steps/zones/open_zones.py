"""Values of zones that are not complete yet, and their handing over when they are.

Does not belong here: what is made of the values.
"""

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.records import Floats, Ints
from eo_pipeline.core.zonal.measures import Distribution, Keep, OnClosed

Taken = tuple[Ints, NDArray[np.generic], Floats]
"""Offsets of zones, their usable numbers, and the numbers' shares, as core.kernels.values takes them of a block."""


class OpenZones:
    """Collects the values of zones block by block, and drops those of a zone when it closes."""

    def __init__(self, keep: Keep, on_closed: OnClosed) -> None:
        """No zone is open."""
        self._join = _classes if keep is Keep.CLASSES else _sorted
        self._on_closed = on_closed
        self._parts: dict[int, dict[int, list[Distribution]]] = {}

    def __len__(self) -> int:
        """How many zones are open."""
        return len(self._parts)

    def add(self, zones: Ints, band: int, taken: Taken) -> None:
        """Add what one block has of several zones in one band."""
        offsets, numbers, shares = taken
        for zone, start, stop in zip(zones.tolist(), offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            if start < stop:
                part = _part(numbers[start:stop], shares[start:stop])
                self._parts.setdefault(zone, {}).setdefault(band, []).append(self._join([part]))

    def close(self, zones: Ints) -> None:
        """Hand over what was collected of zones that are complete, and forget it."""
        for zone in zones.tolist():
            for band, parts in sorted(self._parts.pop(zone, {}).items()):
                self._on_closed(zone, band, parts[0] if len(parts) == 1 else self._join(parts))


def _part(values: NDArray[np.generic], shares: Floats) -> Distribution:
    """Pixels one by one; shares that are all 1 take no memory."""
    weights = _ones(values.size, np.float64) if (shares == 1).all() else shares
    return Distribution(values, _ones(values.size, np.int64), weights)


def _ones[Number: (np.int64, np.float64)](many: int, kind: type[Number]) -> NDArray[Number]:
    return np.broadcast_to(kind(1), (many,))


def _sorted(parts: list[Distribution]) -> Distribution:
    values = np.concatenate([part.values for part in parts])
    if all(part.weights.strides == (0,) for part in parts):
        return Distribution(np.sort(values), _ones(values.size, np.int64), _ones(values.size, np.float64))
    order = np.argsort(values, kind="stable")
    weights = np.concatenate([part.weights for part in parts])
    return Distribution(values[order], _ones(values.size, np.int64), weights[order])


def _classes(parts: list[Distribution]) -> Distribution:
    values, which = np.unique(np.concatenate([part.values for part in parts]), return_inverse=True)
    counts = np.zeros(values.size, np.int64)
    np.add.at(counts, which, np.concatenate([part.counts for part in parts]))
    return Distribution(values, counts, np.bincount(which, np.concatenate([part.weights for part in parts])))
