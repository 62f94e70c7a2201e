"""What no writer can avoid: the same chunks compressed by the codec, on as many threads as there are cores."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numcodecs.blosc import Blosc  # type: ignore[import-untyped] # numcodecs has no types

from benchmarks.cubes.ground import WORKERS, Ground, read_pixels, second, timed


def codec(*, ground: Mapping[str, int], pixels: str) -> dict[str, float]:
    """Blosc, zstd 1, bytes shuffled, of chunks that lie in memory one after the other; nothing is stored."""
    size = Ground(**ground)
    starts = range(0, size.pixels, size.chunk)
    chunks = [
        np.ascontiguousarray(band[row : row + size.chunk, column : column + size.chunk])
        for band in read_pixels(pixels).values()
        for row in starts
        for column in starts
    ]
    blosc = Blosc(cname="zstd", clevel=1, shuffle=Blosc.SHUFFLE)
    with ThreadPoolExecutor(WORKERS) as pool:
        return second(lambda: timed(lambda: {"bytes": sum(pool.map(lambda chunk: len(blosc.encode(chunk)), chunks))}))
