"""Shards that are encoded here are those that Zarr writes: read by Zarr, and chunk by chunk the same bytes."""

import math
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pytest
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec, GzipCodec
from zarr.storage import LocalStore

from eo_pipeline.core.bands import BandEncoding
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


def write(array: zarr.Array[Any], slot: int, part: Rectangle, pixels: NDArray[Any]) -> int:
    nodata = float(array.fill_value) if array.fill_value == array.fill_value else math.nan
    return write_shard(array, slot, part, pixels, BandEncoding("band", array.dtype.name, nodata=nodata))


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
    write(array, 1, part, pixels)
    wanted = np.zeros(array.shape, dtype)
    wanted[1, *part.slices] = pixels
    np.testing.assert_array_equal(np.asarray(zarr.open_array(LocalStore(tmp_path), path="band", mode="r")[:]), wanted)


@pytest.mark.parametrize(("dtype", "fill"), [("uint16", 0), ("uint8", 255), ("float32", np.nan), ("float64", 0.0)])
def test_files_are_as_large_as_those_of_zarr(tmp_path: Path, dtype: str, fill: float) -> None:
    """Chunks may lie in another order; each is the same, and those of fill are left out by both."""
    ours, theirs = (create(tmp_path / name, dtype, fill) for name in ("ours", "theirs"))
    pixels = numbers(dtype)
    pixels[:32, :32] = fill
    write(ours, 1, EDGE, pixels)
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
        write(array, 0, EDGE, pixels)
        np.testing.assert_array_equal(np.asarray(array[0, *EDGE.slices]), pixels)
    assert not (tmp_path / "band/c/0/1/1").exists()


def test_a_negative_zero_is_no_zero(tmp_path: Path) -> None:
    array = create(tmp_path, "float32", 0.0)
    write(array, 0, EDGE, np.full((36, 54), -0.0, np.float32))
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
    write(array, 1, EDGE, numbers("uint16"))
    np.testing.assert_array_equal(np.asarray(array[1, *EDGE.slices]), numbers("uint16"))


def test_what_not_every_reader_can_undo_is_left_to_zarr(tmp_path: Path) -> None:
    assert shard_format(create(tmp_path, "uint16", 0, compressors=BloscCodec(cname="snappy"))) is None


@pytest.mark.parametrize("cname", ["blosclz", "lz4", "lz4hc", "zlib", "zstd"])
@pytest.mark.parametrize("shuffle", ["noshuffle", "shuffle", "bitshuffle"])
def test_all_settings_of_blosc(tmp_path: Path, cname: Any, shuffle: Any) -> None:
    array = create(tmp_path, "uint16", 0, compressors=BloscCodec(cname=cname, clevel=3, shuffle=shuffle))
    assert shard_format(array) is not None
    write(array, 0, EDGE, numbers("uint16"))
    np.testing.assert_array_equal(np.asarray(array[0, *EDGE.slices]), numbers("uint16"))


def test_pixels_that_lie_in_memory_in_another_way(tmp_path: Path) -> None:
    array = create(tmp_path, "uint16", 0)
    pixels = numbers("uint16")
    for same in (np.asfortranarray(pixels), pixels.astype(">u2"), np.repeat(pixels, 2, axis=1)[:, ::2]):
        array[:] = 0
        write(array, 0, EDGE, same)
        np.testing.assert_array_equal(np.asarray(array[0, *EDGE.slices]), pixels)


@pytest.mark.parametrize(("dtype", "fill"), [("uint16", 0), ("float32", np.nan), ("float64", 2.0)])
@pytest.mark.parametrize("how", [{}, {"shards": None}], ids=["here", "by Zarr"])
def test_usable_pixels_are_counted_inside_the_grid(
    tmp_path: Path, dtype: str, fill: float, how: dict[str, Any]
) -> None:
    array, pixels = create(tmp_path, dtype, fill, **how), numbers(dtype)
    pixels[3:20, 5:50] = fill
    expected = sum(value not in (fill, None) and value == value for value in pixels.ravel().tolist())  # noqa: PLR0124
    assert write(array, 1, EDGE, pixels) == expected


def test_what_a_session_keeps_in_memory_is_not_overwritten_by_the_next_shard(tmp_path: Path) -> None:
    """Icechunk keeps small chunks in its session until the commit."""
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(tmp_path)))
    store, codec = repository.writable_session("main").store, BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")
    how: dict[str, Any] = {"shards": SHARD, "chunks": CHUNK, "compressors": codec, "dtype": "uint16", "fill_value": 0}
    array = zarr.create_array(store, name="band", shape=(2, 64, 96), **how)
    whole = Rectangle(0, 0, 64, 96)
    written = [np.full((64, 96), number, np.uint16) for number in (7, 9)]
    for slot, pixels in enumerate(written):
        write(array, slot, whole, pixels)
    np.testing.assert_array_equal(np.asarray(array[:]), np.stack(written))


def test_a_large_chunk_is_compressed_at_once(tmp_path: Path) -> None:
    """What a chunk's own header says (https://github.com/Blosc/c-blosc, README_CHUNK_FORMAT): bytes of a block."""
    codec = BloscCodec(cname="zstd", clevel=1, shuffle="shuffle")
    how: dict[str, Any] = {"shards": (1, 512, 512), "chunks": (1, 256, 256), "compressors": codec}
    array = zarr.create_array(LocalStore(tmp_path), name="band", shape=(1, 512, 512), dtype="uint16", **how)
    pixels = np.random.default_rng(3).integers(1, 2000, (512, 512)).astype(np.uint16)
    write(array, 0, Rectangle(0, 0, 512, 512), pixels)
    first = (tmp_path / "band/c/0/0/0").read_bytes()[:16]
    assert np.frombuffer(first[4:12], "<u4").tolist() == [2 * 256 * 256, 2 * 256 * 256]
    np.testing.assert_array_equal(np.asarray(zarr.open_array(LocalStore(tmp_path), path="band", mode="r")[0]), pixels)
