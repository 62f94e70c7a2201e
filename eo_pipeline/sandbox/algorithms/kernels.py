"""Kernels by name and what is made of them. What does not belong here: laying a kernel on pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_number
from eo_pipeline.sandbox.graph.kernels import Distance, Kernel, Metric, Weights
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

LARGEST_RADIUS = 256
"""Pixels from the focus of a kernel to its edge, at most."""

Shape = Callable[[np.ndarray, np.ndarray, float], np.ndarray]
"""(columns, rows from the focus, radius) in pixels -> True where the kernel has weight."""

SHAPES: Mapping[str, Shape] = {
    "circle": lambda x, y, radius: x**2 + y**2 <= radius**2,
    "square": lambda x, y, radius: (np.abs(x) <= radius) & (np.abs(y) <= radius),
    "plus": lambda x, y, _: (x == 0) | (y == 0),
    "cross": lambda x, y, _: np.abs(x) == np.abs(y),
    "diamond": lambda x, y, radius: np.abs(x) + np.abs(y) <= radius,
    "octagon": lambda x, y, radius: np.abs(x) + np.abs(y) <= radius * math.sqrt(2),
}
"""Shapes of flat kernels by name."""

_DISTANCES: Mapping[str, Distance] = {
    "euclidean": np.hypot,
    "manhattan": np.add,
    "chebyshev": np.maximum,
}

_MATRICES: Mapping[str, list[list[float]]] = {
    "laplacian4": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "laplacian8": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "sobel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "roberts": [[1, 0], [0, -1]],
    "prewitt": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "compass": [[1, 1, -1], [1, -2, -1], [1, 1, -1]],
    "kirsch": [[5, -3, -3], [5, 0, -3], [5, -3, -3]],
}
"""Edge detectors as documented."""


def _pixels(length: float, units: str, scale: float) -> float:
    """A length in pixels of a scale.

    Raises:
        ServiceError: the unit is unknown, or the length no sensible radius.
    """
    if units not in ("pixels", "meters"):
        raise ServiceError(f"Kernel: Units must be 'pixels' or 'meters', got '{units}'.")
    reach = length if units == "pixels" else length / scale
    if not 0 <= reach <= LARGEST_RADIUS:
        raise ServiceError(f"Kernel: A radius of {reach:g} pixels is not within 0 and {LARGEST_RADIUS}.")
    return reach


def _square(across: int, down: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows (row, column) from the focus in the middle."""
    rows, columns = np.mgrid[-down : down + 1, -across : across + 1]
    return columns, rows


def _finished(values: np.ndarray, *, normalize: bool, magnitude: float) -> Weights:
    weights = Weights(values.astype(np.float64), values.shape[1] // 2, values.shape[0] // 2)
    weights = weights.normalized(1.0) if normalize else weights
    return Weights(weights.values * magnitude, weights.x, weights.y)


def flat(name: str, radius: float, units: str, *, normalize: bool, magnitude: float) -> Kernel:
    """A kernel of one weight inside a shape."""
    shape = SHAPES[name]

    def at(scale: float) -> Weights:
        reach = _pixels(radius, units, scale)
        values = shape(*_square(int(reach), int(reach)), reach)
        return _finished(values, normalize=normalize, magnitude=magnitude)

    _pixels(radius if units != "meters" else 0.0, units, 1.0)
    return Kernel(at)


def _register_shape(name: str) -> None:
    def function(radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
        return flat(name, radius, units, normalize=normalize, magnitude=magnitude)

    FAMILY.add(f"Kernel.{name}", function)


def distances(name: str, radius: float, units: str, *, normalize: bool = False, magnitude: float = 1.0) -> Kernel:
    """A kernel whose weights are distances from its focus, in pixels or metres, within a square."""
    distance = _DISTANCES[name]

    def reach(scale: float) -> int:
        return int(_pixels(radius, units, scale))

    def plain(scale: float) -> np.ndarray:
        columns, rows = _square(reach(scale), reach(scale))
        pixel = 1.0 if units == "pixels" else scale
        return np.asarray(distance(np.abs(columns), np.abs(rows)) * pixel)

    def at(scale: float) -> Weights:
        return _finished(plain(scale), normalize=normalize, magnitude=magnitude)

    def unit(scale: float) -> float:
        pixel = 1.0 if units == "pixels" else scale
        total = plain(scale).sum() if normalize else 1.0
        return pixel * magnitude / (total or 1.0)

    _pixels(radius if units != "meters" else 0.0, units, 1.0)
    return Kernel(at, Metric(distance, reach, unit))


def _register_distance(name: str) -> None:
    def function(radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
        return distances(name, radius, units, normalize=normalize, magnitude=magnitude)

    FAMILY.add(f"Kernel.{name}", function)


def _register_matrix(name: str, matrix: list[list[float]]) -> None:
    def function(magnitude: float, normalize: bool) -> Kernel:
        weights = _finished(np.array(matrix), normalize=normalize, magnitude=magnitude)
        return Kernel(lambda _: weights)

    FAMILY.add(f"Kernel.{name}", function)


for _name in SHAPES:
    _register_shape(_name)
for _name in _DISTANCES:
    _register_distance(_name)
for _name, _matrix in _MATRICES.items():
    _register_matrix(_name, _matrix)


@FAMILY.algorithm("Kernel.rectangle")
def rectangle(x_radius: float, y_radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
    """A flat kernel of different width and height."""

    def at(scale: float) -> Weights:
        across, down = int(_pixels(x_radius, units, scale)), int(_pixels(y_radius, units, scale))
        return _finished(np.ones((2 * down + 1, 2 * across + 1)), normalize=normalize, magnitude=magnitude)

    return Kernel(at)


@FAMILY.algorithm("Kernel.gaussian")
def gaussian(radius: float, sigma: float, units: str, normalize: bool, magnitude: float) -> Kernel:
    """A sampled Gaussian of the pixels nearer than the radius along each axis."""
    if sigma <= 0:
        raise ServiceError(f"Kernel.gaussian: Sigma must be positive, got {sigma:g}.")

    def at(scale: float) -> Weights:
        side = max(0, math.ceil(_pixels(radius, units, scale)) - 1)
        spread = sigma if units == "pixels" else sigma / scale
        columns, rows = _square(side, side)
        values = np.exp(-(columns**2 + rows**2) / (2 * spread**2))
        return _finished(values, normalize=normalize, magnitude=magnitude)

    return Kernel(at)


@FAMILY.algorithm("Kernel.fixed")
def fixed(*, width: int, height: int, weights: list[object], x: int, y: int, normalize: bool) -> Kernel:
    """A kernel of given weights, its focus in the middle unless given."""
    values = _matrix_of(weights)
    rows, columns = values.shape
    if (width not in (-1, columns)) or (height not in (-1, rows)):
        raise ServiceError(f"Kernel.fixed: Expected {height} x {width} weights, got {rows} x {columns}.")
    focus = (columns // 2 if x == -1 else x, rows // 2 if y == -1 else y)
    if not (0 <= focus[0] < columns and 0 <= focus[1] < rows):
        raise ServiceError(f"Kernel.fixed: The focus {list(focus)} is outside of {rows} x {columns} weights.")
    found = Weights(values, *focus)
    found = found.normalized(1.0) if normalize else found
    return Kernel(lambda _: found)


def _matrix_of(weights: list[object]) -> np.ndarray:
    """Lists of numbers as (row, column).

    Raises:
        ServiceError: they are not as long as each other, not numbers, or too many.
    """
    rows = [row if isinstance(row, list) else [] for row in weights]
    if not rows or not rows[0] or len({len(row) for row in rows}) > 1:
        raise ServiceError("Kernel.fixed: Weights must be a non-empty list of lists of equal length.")
    if max(len(rows), len(rows[0])) > 2 * LARGEST_RADIUS + 1:
        raise ServiceError(f"Kernel: A side of more than {2 * LARGEST_RADIUS + 1} pixels is not possible.")
    try:
        return np.array([[float(as_number(weight)) for weight in row] for row in rows])
    except MismatchError as error:
        raise ServiceError("Kernel.fixed: Weights must be numbers.") from error


@FAMILY.algorithm("Kernel.rotate")
def rotate(kernel: Kernel, rotations: int) -> Kernel:
    """The kernel turned clockwise by right angles."""

    def at(scale: float) -> Weights:
        weights = kernel.at(scale)
        values, x, y = weights.values, weights.x, weights.y
        for _ in range(rotations % 4):
            x, y = values.shape[0] - 1 - y, x
            values = np.rot90(values, -1)
        return Weights(values, x, y)

    return Kernel(at)


@FAMILY.algorithm("Kernel.inverse")
def inverse(kernel: Kernel) -> Kernel:
    """One divided by each weight; 0 stays 0."""

    def at(scale: float) -> Weights:
        weights = kernel.at(scale)
        values = np.divide(1, weights.values, out=np.zeros(weights.values.shape), where=weights.values != 0)
        return Weights(values, weights.x, weights.y)

    return Kernel(at)


@FAMILY.algorithm("Kernel.add")
def add(kernel1: Kernel, kernel2: Kernel, normalize: bool) -> Kernel:
    """Both kernels' weights added, one focus on the other."""

    def at(scale: float) -> Weights:
        both = kernel1.at(scale), kernel2.at(scale)
        reaches = [weights.reach for weights in both]
        left, up = max(r.left for r in reaches), max(r.up for r in reaches)
        right, down = max(r.right for r in reaches), max(r.down for r in reaches)
        values = np.zeros((up + down + 1, left + right + 1))
        for weights in both:
            rows, columns = weights.values.shape
            top, start = up - weights.y, left - weights.x
            values[top : top + rows, start : start + columns] += weights.values
        found = Weights(values, left, up)
        return found.normalized(1.0) if normalize else found

    return Kernel(at)
