"""What no method can avoid: the codec on every block of the mosaic and its overviews, on all cores, nothing else.

Pixels are in memory before the clock starts and no file is written. With raw blocks, whose bytes can be copied, only
overviews are compressed, but every block of the tiles is decompressed to make them.
"""

import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import imagecodecs
import numpy as np
import rasterio
from numpy.typing import NDArray

BLOCK = 512
Blocks = Iterable[NDArray[np.uint16]]


def all_blocks_compressed(*, path: str, codec: str, level: int | None) -> dict[str, float]:
    """Every block of a COG, compressed anew.

    Args:
        path: a mosaic with overviews.
        codec: deflate or zstd.
        level: of the codec; None for its own default.

    Returns:
        seconds, cpu_s, and bytes of all compressed blocks.
    """
    blocks = [block for number in _levels(path) for block in _blocks(path, number)]
    return _timed(_encoder(codec, level), blocks)


def overviews_compressed(*, path: str, codec: str, level: int | None) -> dict[str, float]:
    """Every block of the overviews, compressed anew, and every block of full resolution decompressed; as above."""
    encode = _encoder(codec, level)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        full = list(pool.map(encode, _blocks(path, None)))
    overviews = [block for number in _levels(path)[1:] for block in _blocks(path, number)]
    decoded = _timed(_decoder(codec), full)
    encoded = _timed(encode, overviews)
    return {name: decoded[name] + encoded[name] for name in ("seconds", "cpu_s")} | {"bytes": encoded["bytes"]}


def _timed(work: Callable[[Any], bytes], blocks: list[Any]) -> dict[str, float]:
    """The same function of each block on all cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        worked, started = _cpu_seconds(), time.perf_counter()
        sizes = list(pool.map(lambda block: len(work(block)), blocks))
        return {"seconds": time.perf_counter() - started, "cpu_s": _cpu_seconds() - worked, "bytes": sum(sizes)}


def _encoder(codec: str, level: int | None) -> Callable[[NDArray[np.uint16]], bytes]:
    compress = {"deflate": imagecodecs.deflate_encode, "zstd": imagecodecs.zstd_encode, "lzw": imagecodecs.lzw_encode}
    options = {} if codec == "lzw" else {"level": level}

    def encode(block: NDArray[np.uint16]) -> bytes:
        return bytes(compress[codec](np.asarray(imagecodecs.delta_encode(block, axis=-2)).tobytes(), **options))

    return encode


def _decoder(codec: str) -> Callable[[bytes], bytes]:
    expand = {"deflate": imagecodecs.deflate_decode, "zstd": imagecodecs.zstd_decode, "lzw": imagecodecs.lzw_decode}

    def decode(block: bytes) -> bytes:
        return bytes(expand[codec](block))

    return decode


def _levels(path: str) -> list[int | None]:
    """None for full resolution, then the numbers of the overviews."""
    with rasterio.open(path) as dataset:
        return [None, *range(len(dataset.overviews(1)))]


def _blocks(path: str, level: int | None) -> Iterator[NDArray[np.uint16]]:
    """Blocks (y, x, band) of one level, whole ones as the format has them, padded at the edges."""
    options = {} if level is None else {"overview_level": level}
    with rasterio.open(path, **options) as dataset:
        pixels = np.moveaxis(dataset.read(), 0, -1)
    height, width, bands = pixels.shape
    for row in range(0, height, BLOCK):
        for column in range(0, width, BLOCK):
            block = np.zeros((BLOCK, BLOCK, bands), pixels.dtype)
            part = pixels[row : row + BLOCK, column : column + BLOCK]
            block[: part.shape[0], : part.shape[1]] = part
            yield block


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
