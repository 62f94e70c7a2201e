"""Shards that are encoded here are those that Zarr writes: read by Zarr, and chunk by chunk the same bytes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, GzipCodec
from zarr.storage import LocalStore

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes.pixels import write_shard
from eo_pipeline.storage.cubes.shard_encoding import shard_format

SHARD, CHUNK = (1, 64, 96), (1, 32, 32)
EDGE = Rectangle(64, 96, 100, 150)
"""The last shard of a grid of 100 x 150 pixels."""


def create(folder: Path, dtype: str, fill: float, **how: Any) -> zarr.Array[Any]:
    codec = BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")
    settings = {"shards": SHARD, "chunks": CHUNK, "compressors": codec, **how}
    return zarr.create_array(
        LocalStore(folder), name="band", shape=(2, 100, 150), dtype=dtype, fill_value=fill, **settings
    )


def numbers(dtype: str, part: Rectangle = EDGE) -> NDArray[Any]:
    """Few numbers, and a chunk of nothing but zeros."""
    made = np.random.default_rng(3).integers(0, 5, (part.height, part.width)).astype(dtype)
    made[:32, :32] = 0
    return made


@pytest.mark.parametrize("part", [Rectangle(0, 0, 64, 96), Rectangle(0, 96, 64, 150), EDGE])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64"])
def test_zarr_reads_what_was_written_and_nothing_else(tmp_path: Path, dtype: str, part: Rectangle) -> None:
    array = create(tmp_path, dtype, 0)
    assert shard_format(array) is not None
    pixels = numbers(dtype, part)
    write_shard(array, 1, part, pixels)
    wanted = np.zeros(array.shape, dtype)
    wanted[1, *part.slices] = pixels
    np.testing.assert_array_equal(np.asarray(zarr.open_array(LocalStore(tmp_path), path="band", mode="r")[:]), wanted)


@pytest.mark.parametrize(("dtype", "fill"), [("uint16", 0), ("uint8", 255), ("float32", np.nan), ("float64", 0.0)])
def test_files_are_as_large_as_those_of_zarr(tmp_path: Path, dtype: str, fill: float) -> None:
    """Chunks may lie in another order; each is the same, and those of fill are left out by both."""
    ours, theirs = (create(tmp_path / name, dtype, fill) for name in ("ours", "theirs"))
    pixels = numbers(dtype)
    pixels[:32, :32] = fill
    write_shard(ours, 1, EDGE, pixels)
    theirs[1, *EDGE.slices] = pixels
    found, wanted = ((tmp_path / name / "band/c/1/1/1").read_bytes() for name in ("ours", "theirs"))
    assert len(found) == len(wanted)
    assert chunks(found) == chunks(wanted)
    assert None in chunks(found)


def chunks(shard: bytes) -> list[bytes | None]:
    """The inner chunks of a shard of 2 x 3, by its index of offsets and lengths and a checksum of 4 bytes."""
    index = np.frombuffer(shard[-4 - 6 * 16 : -4], "<u8").reshape(6, 2).tolist()
    return [None if offset == 2**64 - 1 else shard[offset : offset + length] for offset, length in index]


@pytest.mark.parametrize("fill", [0.0, 7.0, np.nan])
def test_a_shard_of_fill_is_not_stored_and_takes_what_was_there(tmp_path: Path, fill: float) -> None:
    array = create(tmp_path, "float32", fill)
    for pixels in (numbers("float32") + 1, np.full((36, 54), fill, np.float32)):
        write_shard(array, 0, EDGE, pixels)
        np.testing.assert_array_equal(np.asarray(array[0, *EDGE.slices]), pixels)
    assert not (tmp_path / "band/c/0/1/1").exists()


def test_a_negative_zero_is_no_zero(tmp_path: Path) -> None:
    array = create(tmp_path, "float32", 0.0)
    write_shard(array, 0, EDGE, np.full((36, 54), -0.0, np.float32))
    assert np.signbit(np.asarray(array[0, *EDGE.slices])).all()


@pytest.mark.parametrize(
    "how",
    [
        {"compressors": GzipCodec(level=1)},
        {"compressors": None},
        {"shards": None},
        {"serializer": zarr.codecs.BytesCodec(endian="big")},
    ],
    ids=["gzip", "raw", "no shards", "big endian"],
)
def test_arrays_of_other_formats_are_written_by_zarr(tmp_path: Path, how: dict[str, Any]) -> None:
    array = create(tmp_path, "uint16", 0, **how)
    assert shard_format(array) is None
    write_shard(array, 1, EDGE, numbers("uint16"))
    np.testing.assert_array_equal(np.asarray(array[1, *EDGE.slices]), numbers("uint16"))


def test_pixels_that_lie_in_memory_in_another_way(tmp_path: Path) -> None:
    array = create(tmp_path, "uint16", 0)
    pixels = numbers("uint16")
    for same in (np.asfortranarray(pixels), pixels.astype(">u2"), np.repeat(pixels, 2, axis=1)[:, ::2]):
        array[:] = 0
        write_shard(array, 0, EDGE, same)
        np.testing.assert_array_equal(np.asarray(array[0, *EDGE.slices]), pixels)
