"""Streams that zlib reads, about as small as libdeflate's level 6, whatever the data."""

import zlib

import imagecodecs
import numpy as np
import pytest

from eo_pipeline.storage.cogs.deflating import deflate


def block(noise: float) -> bytes:
    """Differences of neighbours in 256 rows of a smooth scene with noise, as they go into the codec."""
    y, x = np.mgrid[:256, :256]
    scene = 3000 + 800 * np.sin(x / 40) + 500 * np.cos(y / 30) + np.random.default_rng(0).normal(0, noise, x.shape)
    return bytes(np.diff(scene.astype("uint16"), axis=1, prepend=0).astype("uint16"))


@pytest.mark.parametrize("noise", [0, 1, 5, 30, 400])
def test_zlib_reads_it_and_it_is_as_small_as_level_6(noise: float) -> None:
    data = block(noise)
    packed = deflate(memoryview(data), None)
    assert zlib.decompress(packed) == data
    assert len(packed) <= 1.03 * len(imagecodecs.deflate_encode(data, 6))


def test_only_noise_goes_the_quick_way_and_only_if_no_level_was_asked_for() -> None:
    noisy, some, smooth = memoryview(block(30)), memoryview(block(3)), memoryview(block(0))
    assert deflate(smooth, None) == imagecodecs.deflate_encode(smooth, 6)
    assert deflate(some, None) == imagecodecs.deflate_encode(some, 4)
    assert deflate(noisy, None) == imagecodecs.isal_encode(noisy, 3)
    assert deflate(noisy, 6) == imagecodecs.deflate_encode(noisy, 6)


def test_without_isa_l_level_6_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagecodecs.ISAL, "available", False)
    noisy = memoryview(block(30))
    assert deflate(noisy, None) == imagecodecs.deflate_encode(noisy, 6)


@pytest.mark.parametrize("size", [0, 1, 7, 8])
def test_little_data_are_packed_too(size: int) -> None:
    data = bytes(range(size))
    assert zlib.decompress(deflate(memoryview(data), None)) == data
