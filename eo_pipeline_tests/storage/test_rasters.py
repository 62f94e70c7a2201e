"""Headers and readability of real files on disk."""

import math
from pathlib import Path

import numpy as np
import pytest
import rasterio
from odc.geo.geobox import GeoBox

from eo_pipeline.errors import TilesError
from eo_pipeline.storage.rasters import read_header, read_headers
from eo_pipeline_tests.raster_files import grid, write_raster

NOISE = np.random.default_rng(1).integers(0, 60000, (2, 600, 700)).astype("uint16")


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    layout = {"tiled": True, "blockxsize": 256, "blockysize": 128, "compress": "deflate"}
    path = write_raster(tmp_path / "a.tif", grid(600, 700), NOISE, nodata=0, names=("red", "nir"), **layout)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (1e-4, 1.0), (-0.1, 0.0)
    return path


def test_a_header_says_what_was_written(raster: Path) -> None:
    header = read_header(raster)
    assert header.geobox == GeoBox((600, 700), grid(600, 700).affine, "EPSG:32633")
    assert (header.dtype, header.count, header.nodata, header.block_shape) == ("uint16", 2, 0.0, (128, 256))
    assert (header.band_names, header.scales, header.offsets) == (("red", "nir"), (1e-4, 1.0), (-0.1, 0.0))


def test_what_is_not_declared_is_empty(tmp_path: Path) -> None:
    header = read_header(write_raster(tmp_path / "a.tif", grid(3, 4), np.zeros((1, 3, 4), "float32")))
    assert header.nodata is None
    assert header.band_names == ("",)
    nan = read_header(write_raster(tmp_path / "b.tif", grid(3, 4), np.zeros((1, 3, 4), "float32"), nodata=math.nan))
    assert nan.nodata is not None
    assert math.isnan(nan.nodata)


def test_a_raster_without_crs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.tif"
    profile = {"driver": "GTiff", "height": 2, "width": 2, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", transform=grid(2, 2).affine, **profile) as dataset:
        dataset.write(np.zeros((1, 2, 2), "uint8"))
    with pytest.raises(TilesError, match=r"bare\.tif without a CRS"):
        read_header(path)


def test_all_files_that_are_no_rasters_are_listed(raster: Path, tmp_path: Path) -> None:
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(TilesError, match=r"(?s)text\.tif.*gone\.tif"):
        read_headers([tmp_path / "text.tif", raster, tmp_path / "gone.tif"])
    assert list(read_headers([raster])) == [raster]
