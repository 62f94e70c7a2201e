"""Fields that look like land: value noise over several octaves, the same wherever a window of it is asked for.

Does not belong here: what the numbers mean, and files.
"""

import numpy as np
from numpy.typing import NDArray

OCTAVES = 7
"""The first has a lattice of 4 cells a side, each further one of twice as many."""
FADING = 0.6
"""Amplitude of an octave as a share of that before it."""


def fractal(seed: int, side: int, rows: slice, columns: slice) -> NDArray[np.float32]:
    """A window (y, x) of a square field, mean about 0, standard deviation about 1.

    Args:
        seed: of the field.
        side: of the whole field, in pixels.
        rows: of the window, start and stop in pixels.
        columns: the same.
    """
    field = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
    for octave in range(OCTAVES):
        cells = 4 * 2**octave
        lattice = np.random.default_rng((seed, octave)).standard_normal((cells + 1, cells + 1), dtype=np.float32)
        between_rows = _between(lattice, rows, side, cells)
        field += FADING**octave * _between(between_rows.T, columns, side, cells).T
    return field


def noise(seed: int, rows: slice, columns: slice) -> NDArray[np.float32]:
    """White noise (y, x) with standard deviation 1; another for every window."""
    generator = np.random.default_rng((seed, rows.start, columns.start))
    return generator.standard_normal((rows.stop - rows.start, columns.stop - columns.start), dtype=np.float32)


def _between(values: NDArray[np.float32], pixels: slice, side: int, cells: int) -> NDArray[np.float32]:
    """Linear interpolation of values (lattice point, any) at pixels' centres: (pixel, any)."""
    position = (np.arange(pixels.start, pixels.stop) + 0.5) * cells / side
    before = position.astype(np.intp)
    share = (position - before).astype(np.float32)[:, None]
    return values[before] * (1 - share) + values[before + 1] * share
