"""Hash-based value noise on the world square. What does not belong here: what the noise means.

The world square has u in [0, 1) eastwards around the globe (periodic) and v northwards, both in units of the
equator's length (Mercator), so noise is isotropic on the ground. Octave k has cells of 1 / 2**k.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

EQUATOR_METRES = 40_075_016.68557849
"""Length of the equator of the Mercator sphere: one unit of u and v."""

_SPARSE = 4
"""A table of lattice values is made unless it has this many times more values than pixels are asked for."""


def hashed(i: np.ndarray | int, j: np.ndarray | int, seed: int) -> np.ndarray:
    """Well-mixed 32-bit numbers of integer pairs (broadcast together): always the same for the same pair and seed."""
    x = np.atleast_1d(i).astype(np.uint32) * np.uint32(0x9E3779B1)
    y = np.atleast_1d(j).astype(np.uint32) * np.uint32(0x85EBCA77)
    h = x + y + np.uint32(seed * 0xC2B2AE3D & 0xFFFFFFFF)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x21F0AAAD)
    h ^= h >> np.uint32(15)
    h *= np.uint32(0x735A2D97)
    h ^= h >> np.uint32(15)
    return h


def uniform(i: np.ndarray | int, j: np.ndarray | int, seed: int) -> np.ndarray:
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
    x, y = np.broadcast_arrays(u * cells, v * cells)
    i, j = np.floor(x), np.floor(y)
    fx, fy = _smoothstep((x - i).astype(np.float32)), _smoothstep((y - j).astype(np.float32))
    corner, east, north, both = np.moveaxis(_differences(i, j, cells, seed), -1, 0)
    return np.asarray(corner + fx * east + fy * (north + fx * both))


def layered(u: np.ndarray, v: np.ndarray, amplitudes: Mapping[int, float], seed: int) -> np.ndarray:
    """Weighted sum of octaves, float32, each centred on 0: amplitude * (noise - 0.5) by octave."""
    total = np.zeros(np.broadcast_shapes(np.shape(u), np.shape(v)), np.float32)
    for octave, amplitude in amplitudes.items():
        total += np.float32(amplitude) * (value_noise(u, v, octave, seed + octave) - np.float32(0.5))
    return total


def coarser_than(metres: float, amplitudes: Mapping[int, float]) -> dict[int, float]:
    """The octaves whose cells on the equator are at least as large as a pixel; the mean of the others is 0."""
    return {octave: share for octave, share in amplitudes.items() if EQUATOR_METRES / (1 << octave) >= metres}


def _differences(i: np.ndarray, j: np.ndarray, cells: int, seed: int) -> np.ndarray:
    """Bilinear coefficients of each pixel's cell, (..., 4): south-west value, steps east, north and mixed."""
    first_i, first_j = i.min(), j.min()
    width, height = int(i.max() - first_i) + 1, int(j.max() - first_j) + 1
    if width * height > _SPARSE * i.size:
        return _coefficients(i.astype(np.int64), j.astype(np.int64), cells, seed)
    columns, rows = np.meshgrid(int(first_i) + np.arange(width), int(first_j) + np.arange(height))
    table = _coefficients(columns, rows, cells, seed).reshape(-1, 4)
    index = ((j - first_j) * width + (i - first_i)).astype(np.int32)
    return np.asarray(np.take(table, index, axis=0))


def _coefficients(i: np.ndarray, j: np.ndarray, cells: int, seed: int) -> np.ndarray:
    southwest, southeast = uniform(i % cells, j, seed), uniform((i + 1) % cells, j, seed)
    northwest, northeast = uniform(i % cells, j + 1, seed), uniform((i + 1) % cells, j + 1, seed)
    east, north = southeast - southwest, northwest - southwest
    return np.stack([southwest, east, north, northeast - northwest - east], axis=-1)


def _smoothstep(t: np.ndarray) -> np.ndarray:
    return np.asarray(t * t * (np.float32(3) - np.float32(2) * t))


def ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Smoothstep from 0 at `low` to 1 at `high`, float32 (falling if low > high)."""
    t = np.clip((np.asarray(values, np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    return _smoothstep(t)
