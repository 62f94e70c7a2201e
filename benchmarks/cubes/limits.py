"""What no writer can avoid: the same chunks compressed by the codec, on as many threads as there are cores."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numcodecs.blosc import Blosc  # type: ignore[import-untyped] # numcodecs has no types

from benchmarks.cubes.ground import WORKERS, Ground, read_pixels, second, timed

_BLOSCS_OWN = 0
"""Bytes of a block, as Blosc chooses them: 32 kB here."""


def codec(*, ground: Mapping[str, int], pixels: str) -> dict[str, float]:
    """Blosc, zstd 1, bytes shuffled, of chunks that lie in memory one after the other; nothing is stored.

    What it takes where a chunk is one block is told as at_once_s.
    """
    size = Ground(**ground)
    starts = range(0, size.pixels, size.chunk)
    chunks = [
        np.ascontiguousarray(band[row : row + size.chunk, column : column + size.chunk])
        for band in read_pixels(pixels).values()
        for row in starts
        for column in starts
    ]
    with ThreadPoolExecutor(WORKERS) as pool:

        def compressed(blocks: int) -> dict[str, float]:
            blosc = Blosc(cname="zstd", clevel=1, shuffle=Blosc.SHUFFLE, blocksize=blocks)
            return timed(lambda: {"bytes": sum(pool.map(lambda chunk: len(blosc.encode(chunk)), chunks))})

        at_once = second(lambda: compressed(chunks[0].nbytes))
        return {**second(lambda: compressed(_BLOSCS_OWN)), "at_once_s": at_once["seconds"]}
