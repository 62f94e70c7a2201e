"""Streams that zlib reads, about as small as libdeflate's level 6, whatever the data."""

import zlib

import imagecodecs
import numpy as np
import pytest

from eo_pipeline.storage.cogs.deflating import ISA_L, deflate, suitable_level


def block(noise: float) -> bytes:
    """Differences of neighbours in 256 rows of a smooth scene with noise, as they go into the codec."""
    y, x = np.mgrid[:256, :256]
    scene = 3000 + 800 * np.sin(x / 40) + 500 * np.cos(y / 30) + np.random.default_rng(0).normal(0, noise, x.shape)
    return bytes(np.diff(scene.astype("uint16"), axis=1, prepend=0).astype("uint16"))


def packed(data: bytes, level: int) -> bytes:
    return bytes(deflate(memoryview(data), level, memoryview(bytearray(len(data) + 1024))))


@pytest.mark.parametrize("noise", [0, 1, 5, 30, 400])
def test_zlib_reads_it_and_it_is_as_small_as_level_6(noise: float) -> None:
    data = block(noise)
    stream = packed(data, suitable_level(memoryview(data)))
    assert zlib.decompress(stream) == data
    assert len(stream) <= 1.03 * len(imagecodecs.deflate_encode(data, 6))


def test_only_noise_goes_the_quick_way() -> None:
    assert [suitable_level(memoryview(block(noise))) for noise in (0, 3, 30)] == [6, 4, ISA_L]


def test_streams_are_those_of_libdeflate_and_isa_l() -> None:
    noisy = block(30)
    assert packed(noisy, 4) == imagecodecs.deflate_encode(noisy, 4)
    assert packed(noisy, ISA_L) == imagecodecs.isal_encode(noisy, 3)


def test_without_isa_l_level_6_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagecodecs.ISAL, "available", False)
    assert suitable_level(memoryview(block(30))) == 6


@pytest.mark.parametrize("size", [0, 1, 7, 8])
def test_little_data_are_packed_too(size: int) -> None:
    data = bytes(range(size))
    assert zlib.decompress(packed(data, suitable_level(memoryview(data)))) == data
