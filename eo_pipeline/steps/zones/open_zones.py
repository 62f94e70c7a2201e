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
        self._keep, self._on_closed = keep, on_closed
        self._parts: dict[int, dict[int, list[Distribution]]] = {}

    def add(self, zones: Ints, band: int, taken: Taken) -> None:
        """Add what one block has of several zones in one band."""
        offsets, numbers, shares = taken
        for zone, start, stop in zip(zones.tolist(), offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            if start < stop:
                part = Distribution(numbers[start:stop], np.ones(stop - start, np.int64), shares[start:stop])
                parts = self._parts.setdefault(zone, {}).setdefault(band, [])
                parts.append(_classes([part]) if self._keep is Keep.CLASSES else part)

    def close(self, zones: Ints) -> None:
        """Hand over what was collected of zones that are complete, and forget it."""
        for zone in zones.tolist():
            for band, parts in sorted(self._parts.pop(zone, {}).items()):
                whole = _classes(parts) if self._keep is Keep.CLASSES else _sorted(parts)
                self._on_closed(zone, band, whole)


def _sorted(parts: list[Distribution]) -> Distribution:
    values = np.concatenate([part.values for part in parts])
    weights = np.concatenate([part.weights for part in parts])
    order = np.argsort(values, kind="stable")
    return Distribution(values[order], np.ones(values.size, np.int64), weights[order])


def _classes(parts: list[Distribution]) -> Distribution:
    values, which = np.unique(np.concatenate([part.values for part in parts]), return_inverse=True)
    counts = np.zeros(values.size, np.int64)
    np.add.at(counts, which, np.concatenate([part.counts for part in parts]))
    return Distribution(values, counts, np.bincount(which, np.concatenate([part.weights for part in parts])))
