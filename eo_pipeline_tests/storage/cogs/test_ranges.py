"""A COG of ours in a bucket, where GDAL reads ranges and trusts what the file says of its layout."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.write_cog import write_cog
from eo_pipeline_tests.raster_files import grid
from eo_pipeline_tests.sandbox.cloud_storage.clients import google_client
from eo_pipeline_tests.sandbox.cloud_storage.server import process
from eo_pipeline_tests.storage.cogs.arrays import ArraySource, bands_of


@pytest.mark.parametrize("big", [False, True])
def test_windows_and_overviews_are_read_from_a_bucket(tmp_path: Path, big: bool) -> None:
    pixels = np.random.default_rng(0).integers(1, 2**16, (2, 1000, 900), "uint16")
    pixels[:, 128:400, 200:700] = 0
    spec = CogSpec(grid(1000, 900), bands_of("uint16", 2), {}, "zstd", block=128)
    write_cog(tmp_path / "c.tif", spec, ArraySource(pixels), threads=2, max_memory_mb=8, big=big)
    with process(tmp_path / "server") as (endpoint, _):
        bucket = google_client(endpoint, None).create_bucket("rasters")
        bucket.blob("c.tif").upload_from_filename(tmp_path / "c.tif")
        options = {"CPL_GS_ENDPOINT": endpoint + "/", "GS_NO_SIGN_REQUEST": "YES", "GDAL_NUM_THREADS": "2"}
        with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", **options):
            with rasterio.open("/vsigs/rasters/c.tif") as far:
                assert np.array_equal(far.read(window=((100, 420), (150, 820))), pixels[:, 100:420, 150:820])
                assert np.array_equal(far.read(), pixels)
            for level in range(3):
                with (
                    rasterio.open("/vsigs/rasters/c.tif", overview_level=level) as far,
                    rasterio.open(tmp_path / "c.tif", overview_level=level) as near,
                ):
                    assert np.array_equal(far.read(), near.read())
