"""Chunks and shards of a store of chips have sensible sizes, whatever the chips' size."""

import math

import numpy as np
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.store_template import CHIPS, StoreTemplate
from eo_pipeline.errors import ProductError

MIB = 2**20


def template(bands: int, side: int, dtype: str) -> StoreTemplate:
    return StoreTemplate("p", tuple(BandEncoding(f"b{n}", dtype, nodata=0) for n in range(bands)), side, side)


@pytest.mark.parametrize(
    ("bands", "side", "dtype", "chunk", "shard"),
    [
        (3, 256, "uint16", (1, 3, 256, 256), (42, 3, 256, 256)),
        (1, 32, "uint8", (256, 1, 32, 32), (16384, 1, 32, 32)),
        (10, 1024, "float32", (1, 1, 1024, 1024), (1, 10, 1024, 1024)),
        (1, 4096, "float64", (1, 1, 512, 1024), (1, 1, 4096, 4096)),
    ],
)
def test_chunks_and_shards(bands: int, side: int, dtype: str, chunk: tuple[int, ...], shard: tuple[int, ...]) -> None:
    [array] = [array for array in template(bands, side, dtype).layout().arrays if array.path == CHIPS]
    assert (array.chunks, array.shards) == (chunk, shard)
    assert array.shape == (0, bands, side, side)


@pytest.mark.parametrize("bands", [1, 3, 7, 13, 64])
@pytest.mark.parametrize("side", [1, 17, 100, 256, 333, 1000, 4096])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_shards_are_whole_chunks_and_hold_whole_chips(bands: int, side: int, dtype: str) -> None:
    found = template(bands, side, dtype)
    pixel = np.dtype(dtype).itemsize
    assert math.prod(found.chunk_shape) * pixel <= 4 * MIB
    assert all(shard % chunk == 0 for shard, chunk in zip(found.shard_shape, found.chunk_shape, strict=True))
    assert all(have >= need for have, need in zip(found.shard_shape[1:], (bands, side, side), strict=True))
    assert found.shard_shape[0] == found.chunk_shape[0] or found.shard_shape[0] * found.chip_bytes <= 16 * MIB


def test_common_packing_is_cf_and_each_band_s_own_is_in_the_group() -> None:
    same = tuple(BandEncoding(name, "uint16", 1e-4, -0.1, 65535, "1") for name in ("B4", "B3"))
    layout = StoreTemplate("p", same, 8, 8).layout()
    [pixels] = [array for array in layout.arrays if array.path == CHIPS]
    assert {
        "scale_factor": 1e-4,
        "add_offset": -0.1,
        "_FillValue": 65535,
        "units": "1",
    }.items() <= pixels.attributes.items()
    mixed = (*same, BandEncoding("n_obs", "uint16", nodata=65535, kind="count"))
    layout = StoreTemplate("p", mixed, 8, 8).layout()
    [pixels] = [array for array in layout.arrays if array.path == CHIPS]
    assert not {"scale_factor", "add_offset", "_FillValue", "units"} & pixels.attributes.keys()
    bands = layout.attributes["bands"]
    assert isinstance(bands, list)
    assert [band["scale"] for band in bands if isinstance(band, dict)] == [1e-4, 1e-4, 1.0]


def test_bands_of_different_types_are_refused() -> None:
    with pytest.raises(ProductError, match=r"expected bands of one dtype and nodata .*, got a: uint8 .*, b: uint16"):
        StoreTemplate("p", (BandEncoding("a", "uint8"), BandEncoding("b", "uint16")), 8, 8)
