"""Pixels of one slot in files, and what of them is timed; needs numpy only, for peers.

Does not belong here: cubes and codecs.
"""

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.fractals import fractal, noise

WORKERS = 4
"""Threads of this project's side and of the limit: one a core."""


@dataclass(frozen=True)
class Ground:
    """A slot: so many bands of a square of so many pixels a side, in shards and chunks of so many."""

    bands: int
    pixels: int
    shard: int
    chunk: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the bands."""
        return tuple(f"band{number}" for number in range(self.bands))

    @property
    def raw_mb(self) -> float:
        """Of all pixels, not compressed, MB (1e6 bytes)."""
        return self.bands * self.pixels**2 * 2 / 1e6


def write_pixels(folder: Path, ground: Ground, *, seed: int = 1) -> Path:
    """A file `NAME.npy` (y, x) uint16 a band: reflectances times 10,000, and a corner of 0 where there is nothing."""
    folder.mkdir()
    whole, side = slice(0, ground.pixels), ground.pixels
    for number, name in enumerate(ground.names):
        land = 2000 + 500 * fractal(seed + number, side, whole, whole)
        pixels = np.clip(land + 30 * noise(number, whole, whole), 1, 10_000).astype(np.uint16)
        pixels[: side // 16, : side // 16] = 0
        np.save(folder / f"{name}.npy", pixels)
    return folder


def read_pixels(folder: str) -> dict[str, NDArray[np.uint16]]:
    """(y, x) of each band by name, in memory."""
    return {path.stem: np.load(path) for path in sorted(Path(folder).glob("*.npy"))}


def second(write: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Writes the slot into two cubes; the second one's cost, as a worker writes one slot after the other.

    What the first one took, with memory that is new to the process and modules not yet loaded, is told as first_s.
    """
    first = write()
    return {**write(), "first_s": first["seconds"]}


def timed(work: Callable[[], Mapping[str, float] | None]) -> dict[str, float]:
    """Seconds and cpu_s of the work, and what it tells itself."""
    worked, started = _cpu_seconds(), time.perf_counter()
    told = work() or {}
    return {**told, "seconds": time.perf_counter() - started, "cpu_s": _cpu_seconds() - worked}


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
