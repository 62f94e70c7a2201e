"""Blocks as bytes, and back; whole files are read by others in test_write_cog."""

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eo_pipeline.core.bands import DTYPES
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cogs.encoding import CODES, Encoding
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.scratch import Scratch
from eo_pipeline_tests.raster_files import grid
from eo_pipeline_tests.storage.cogs.arrays import bands_of


def encoding(codec: str, dtype: str = "uint16", bands: int = 2, *, predictor: bool = True) -> Encoding:
    return Encoding.of(CogSpec(grid(9, 9), bands_of(dtype, bands), {}, codec, predictor=predictor, block=16))


@given(st.data(), st.sampled_from(sorted(CODES)), st.sampled_from(DTYPES), st.booleans())
@settings(max_examples=80, deadline=None)
def test_any_bits_come_back(data: st.DataObject, codec: str, dtype: str, predictor: bool) -> None:
    shape = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 16), st.integers(1, 16)))
    pixels = data.draw(arrays(dtype, shape))
    block = encoding(codec, dtype, shape[0], predictor=predictor)
    back = block.decode(bytes(block.encode(pixels, Scratch())), Scratch())
    assert back.dtype == pixels.dtype
    assert np.ascontiguousarray(back[:, : shape[1], : shape[2]]).tobytes() == pixels.tobytes()


@pytest.mark.parametrize("dtype", [name for name in DTYPES if not name.startswith("float")])
def test_whole_numbers_are_differenced_as_imagecodecs_does(dtype: str) -> None:
    limits = np.iinfo(dtype)
    pixels = np.random.default_rng(0).integers(limits.min, limits.max, (3, 16, 16), endpoint=True, dtype=dtype)
    expected = imagecodecs.delta_encode(np.ascontiguousarray(np.moveaxis(pixels, 0, 2)), axis=1)
    assert (
        imagecodecs.zstd_decode(encoding("zstd", dtype, 3).encode(pixels, Scratch())) == np.asarray(expected).tobytes()
    )


@pytest.mark.parametrize("dtype", [name for name in DTYPES if name.startswith("float")])
@pytest.mark.parametrize("bands", [1, 3])
def test_floats_that_imagecodecs_differenced_come_back(dtype: str, bands: int) -> None:
    pixels = np.random.default_rng(0).normal(0, 1e3, (16, 16, bands)).astype(dtype)
    pixels[3, 4:7] = np.nan
    packed = bytes(imagecodecs.zstd_encode(np.asarray(imagecodecs.floatpred_encode(pixels, axis=1)).tobytes()))
    np.testing.assert_array_equal(encoding("zstd", dtype, bands).decode(packed, Scratch()), np.moveaxis(pixels, 2, 0))


@pytest.mark.parametrize("codec", ["deflate", "zstd", "lzw", "none"])
def test_bytes_that_are_no_block_are_named(codec: str) -> None:
    block = encoding(codec)
    short = encoding(codec, bands=1).encode(np.ones((1, 16, 16), "uint16"), Scratch())
    for data in (b"abc", bytes(short)):
        with pytest.raises(
            StorageError, match=f"expected a block of 1024 bytes compressed as {codec}, got {len(data)}"
        ):
            block.decode(data, Scratch())


def test_a_level_is_asked_for_or_the_projects_own() -> None:
    def level(codec: str, asked: int | None) -> int | None:
        return Encoding.of(CogSpec(grid(9, 9), bands_of("uint8", 1), {}, codec, level=asked)).level

    assert [level(codec, None) for codec in ("deflate", "zstd", "lzw", "none")] == [None, 1, None, None]
    assert [level(codec, 3) for codec in ("deflate", "zstd", "lzw", "none")] == [3, 3, None, None]
    noise = np.random.default_rng(0).normal(0, 30, (2, 16, 16)).astype("uint16")
    quick, hard = (
        Encoding.of(CogSpec(grid(9, 9), bands_of("uint16", 2), {}, "deflate", level=asked, block=16)).encode(
            noise, Scratch()
        )
        for asked in (1, 12)
    )
    assert len(hard) < len(quick)
