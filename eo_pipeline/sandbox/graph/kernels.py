"""Kernels as values: weights around a focus. What does not belong here: which kernels there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.graph.surroundings import Reach

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(columns, rows) from the focus in pixels, both at least 0 -> distance in pixels; grows with each of them."""


@dataclass(frozen=True, eq=False)
class Weights:
    """A matrix of weights.

    Attributes:
        values: (row, column) float64.
        x: column of the focus, the pixel that the kernel is laid on.
        y: row of the focus.
    """

    values: np.ndarray
    x: int
    y: int

    @property
    def reach(self) -> Reach:
        """How far the matrix extends from its focus."""
        rows, columns = self.values.shape
        return Reach(self.x, columns - 1 - self.x, self.y, rows - 1 - self.y)

    @property
    def offsets(self) -> list[tuple[int, int, float]]:
        """(columns, rows, weight) from the focus of every weight but 0, row by row."""
        rows, columns = np.nonzero(self.values)
        weights = self.values[rows, columns].tolist()
        return list(zip((columns - self.x).tolist(), (rows - self.y).tolist(), weights, strict=True))

    def normalized(self, total: float) -> Weights:
        """The same weights with this sum; unchanged if they sum up to 0."""
        found = self.values.sum()
        return self if found == 0 else Weights(self.values * (total / found), self.x, self.y)


@dataclass(frozen=True)
class Metric:
    """What makes a kernel one of distances.

    Attributes:
        distance: of offsets in pixels.
        reach: nominal scale of a grid in metres -> pixels from the focus to the kernel's edge.
        unit: nominal scale in metres -> what a distance of one pixel counts.
    """

    distance: Distance
    reach: Callable[[float], int]
    unit: Callable[[float], float]


@dataclass(frozen=True, eq=False)
class Kernel:
    """Weights of a neighbourhood.

    Attributes:
        at: nominal scale of a grid in metres -> weights in its pixels.
        metric: of kernels whose weights are distances, else None.
    """

    at: Callable[[float], Weights]
    metric: Metric | None = None

    def published(self) -> dict[str, object]:
        """The JSON a client gets, for pixels of one metre."""
        weights = self.at(1.0)
        return {"type": "Kernel", "center": [weights.x, weights.y], "weights": weights.values.tolist()}
