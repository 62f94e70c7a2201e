"""Observations of one place, and which of their pixels are usable, in files; needs numpy only, for peers.

Does not belong here: what is measured.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.fractals import fractal, noise

NODATA = 0
CLOUD = 20
"""Pixels a side of the blocks that are masked together."""


@dataclass(frozen=True)
class Scenes:
    """What is composited: so many scenes, bands, and pixels a side; `masked` is the share of unusable pixels."""

    count: int
    bands: int
    pixels: int
    masked: float


def write_scenes(folder: Path, scenes: Scenes, *, seed: int = 1) -> Path:
    """Files `band-N.npy` (scene, y, x) uint16 of reflectances times 10,000 and `usable.npy` of the same shape."""
    folder.mkdir()
    whole, side = slice(0, scenes.pixels), scenes.pixels
    for band in range(scenes.bands):
        land = 2000 + 500 * fractal(seed + band, side, whole, whole)
        stack = np.empty((scenes.count, side, side), np.uint16)
        for number, scene in enumerate(stack):
            scene[:] = np.clip(land + 150 * noise(1000 * band + number, whole, whole), 1, 10_000)
        np.save(folder / f"band-{band}.npy", stack)
    np.save(folder / "usable.npy", ~_clouds(scenes, np.random.default_rng(seed)))
    return folder


def read_scenes(folder: str) -> tuple[list[NDArray[np.uint16]], NDArray[np.bool_]]:
    """(scene, y, x) of each band and of what is usable, in memory."""
    bands = [np.load(path) for path in sorted(Path(folder).glob("band-*.npy"))]
    return bands, np.load(Path(folder) / "usable.npy")


def _clouds(scenes: Scenes, random: np.random.Generator) -> NDArray[np.bool_]:
    blocks = -(-scenes.pixels // CLOUD)
    coarse = random.random((scenes.count, blocks, blocks)) < scenes.masked
    fine = coarse.repeat(CLOUD, axis=1).repeat(CLOUD, axis=2)
    return fine[:, : scenes.pixels, : scenes.pixels]
