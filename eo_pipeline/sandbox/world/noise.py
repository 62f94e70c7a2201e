"""Hash-based value noise on the world square. What does not belong here: what the noise means.

The world square has u in [0, 1) eastwards around the globe (periodic) and v northwards, both in units of the
equator's length (Mercator), so noise is isotropic on the ground. Octave k has cells of 1 / 2**k.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

EQUATOR_METRES = 40_075_016.68557849
"""Length of the equator of the Mercator sphere: one unit of u and v."""

_FEW = 2048
"""Up to so many places, all octaves are computed together."""

_SPARSE = 4
"""A table of lattice values is made unless it has this many times more values than pixels are asked for."""


def hashed(i: np.ndarray | int, j: np.ndarray | int, seed: int | np.ndarray) -> np.ndarray:
    """Well-mixed 32-bit numbers of integer pairs (broadcast together): always the same for the same pair and seed."""
    x = np.atleast_1d(i).astype(np.uint32) * np.uint32(0x9E3779B1)
    y = np.atleast_1d(j).astype(np.uint32) * np.uint32(0x85EBCA77)
    h = x + y + np.asarray(seed * 0xC2B2AE3D & 0xFFFFFFFF).astype(np.uint32)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x21F0AAAD)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x735A2D97)
    h ^= h >> np.uint32(15)
    return h


def uniform(i: np.ndarray | int, j: np.ndarray | int, seed: int | np.ndarray) -> np.ndarray:
    """float32 in [0, 1) of integer pairs, see hashed."""
    return (hashed(i, j, seed) >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def value_noise(u: np.ndarray, v: np.ndarray, octave: int, seed: int) -> np.ndarray:
    """Noise of one octave, float32 in [0, 1), mean 0.5: lattice values joined by smoothstep.

    Args:
        u: eastward world coordinate, any shape; periodic in 1.
        v: northward world coordinate, broadcastable with u.
        octave: cells have a side of 1 / 2**octave.
        seed: another seed is another noise.
    """
    cells = 1 << octave
    x, y = u * cells, v * cells
    i, j = np.floor(x), np.floor(y)
    fx, fy = _smoothstep((x - i).astype(np.float32)), _smoothstep((y - j).astype(np.float32))
    return _interpolated(_differences(i, j, cells, seed), fx, fy)


def _interpolated(coefficients: list[np.ndarray], fx: np.ndarray, fy: np.ndarray) -> np.ndarray:
    """Bilinear coefficients (see _differences, overwritten) at the parts fx, fy of the way through each cell."""
    corner, east, north, both = coefficients
    both *= fx
    both += north
    both *= fy
    east *= fx
    both += east
    both += corner
    return both


def layered(u: np.ndarray, v: np.ndarray, amplitudes: Mapping[int, float], seed: int) -> np.ndarray:
    """Weighted sum of octaves, float32, each centred on 0: amplitude * (noise - 0.5) by octave."""
    total = np.zeros(np.broadcast_shapes(np.shape(u), np.shape(v)), np.float32)
    octaves = list(amplitudes)
    together = total.size <= _FEW and len(octaves) > 1
    layers = _octaves(u, v, octaves, seed) if together else (value_noise(u, v, k, seed + k) for k in octaves)
    for amplitude, layer in zip(amplitudes.values(), layers, strict=True):
        total += np.float32(amplitude) * (layer - np.float32(0.5))
    return total


def _octaves(u: np.ndarray, v: np.ndarray, octaves: list[int], seed: int) -> np.ndarray:
    """value_noise of several octaves, of seeds seed + octave, as layers (octave, ...): few places cost few calls."""
    axes = (-1, *(1 for _ in range(max(np.ndim(u), np.ndim(v)))))
    cells = np.array([1 << octave for octave in octaves], np.int64).reshape(axes)
    x, y = u * cells, v * cells
    i, j = np.floor(x), np.floor(y)
    fx, fy = _smoothstep((x - i).astype(np.float32)), _smoothstep((y - j).astype(np.float32))
    seeds = np.array([seed + octave for octave in octaves], np.int64).reshape(axes)
    return _interpolated(_coefficients(i.astype(np.int64), j.astype(np.int64), cells, seeds), fx, fy)


def coarser_than(metres: float, amplitudes: Mapping[int, float]) -> dict[int, float]:
    """The octaves whose cells on the equator are at least as large as a pixel; the mean of the others is 0."""
    return {octave: share for octave, share in amplitudes.items() if EQUATOR_METRES / (1 << octave) >= metres}


def _differences(i: np.ndarray, j: np.ndarray, cells: int, seed: int) -> list[np.ndarray]:
    """Bilinear coefficients of each pixel's cell: south-west value, step east, step north, mixed step."""
    first_i, first_j = i.min(), j.min()
    width, height = int(i.max() - first_i) + 1, int(j.max() - first_j) + 1
    if width * height > _SPARSE * np.broadcast(i, j).size:
        column, row = np.broadcast_arrays(i.astype(np.int64), j.astype(np.int64))
        return _coefficients(column, row, cells, seed)
    columns, rows = np.meshgrid(int(first_i) + np.arange(width), int(first_j) + np.arange(height))
    index = ((j - first_j) * width + (i - first_i)).astype(np.intp)
    return [table.ravel().take(index) for table in _coefficients(columns, rows, cells, seed)]


def _coefficients(i: np.ndarray, j: np.ndarray, cells: int | np.ndarray, seed: int | np.ndarray) -> list[np.ndarray]:
    southwest, southeast = uniform(i % cells, j, seed), uniform((i + 1) % cells, j, seed)
    northwest, northeast = uniform(i % cells, j + 1, seed), uniform((i + 1) % cells, j + 1, seed)
    east, north = southeast - southwest, northwest - southwest
    return [southwest, east, north, northeast - northwest - east]


def _smoothstep(t: np.ndarray) -> np.ndarray:
    result = t * np.float32(-2)
    result += np.float32(3)
    result *= t
    result *= t
    return np.asarray(result)


def ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Smoothstep from 0 at `low` to 1 at `high`, float32 (falling if low > high)."""
    t = np.clip((np.asarray(values, np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    return _smoothstep(t)
