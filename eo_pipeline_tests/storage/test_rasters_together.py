"""Windows of several rasters put together, against plain numbers."""

from pathlib import Path

import numpy as np

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics import plan_mosaic
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.rasters import read_headers
from eo_pipeline.storage.rasters_together import read_together
from eo_pipeline_tests.raster_files import grid, write_raster


def test_rasters_are_read_together_and_the_first_wins(tmp_path: Path) -> None:
    left = write_raster(tmp_path / "z.tif", grid(2, 3), np.array([[[1, 0, 1], [1, 1, 1]]], "uint8"))
    right = write_raster(tmp_path / "a.tif", grid(2, 3, left=5e5 + 10), np.full((1, 2, 3), 7, "uint8"))
    headers = read_headers([left, right])
    plan = plan_mosaic([header.geobox for header in headers.values()], grid(2, 4))
    around = Rectangle(-1, 0, 2, 5)
    with RasterHandles() as handles:
        with_nodata, without = BandEncoding("b", "uint8", nodata=0), BandEncoding("b", "uint8")
        pixels = read_together(handles, headers, plan, around, [with_nodata], empty=0, dtype="uint8")
        marked = read_together(handles, headers, plan, around, [without], empty=-5, dtype="int64")
        alone = read_together(handles, headers, plan, Rectangle(0, 0, 2, 1), [without], empty=-5, dtype="int64")
    assert pixels.tolist() == [[[0, 0, 0, 0, 0], [1, 7, 1, 7, 0], [1, 1, 1, 7, 0]]]
    assert marked.tolist() == [[[-5, -5, -5, -5, -5], [1, 0, 1, 7, -5], [1, 1, 1, 7, -5]]]
    assert alone.tolist() == [[[1], [1]]]
    assert alone.dtype == np.int64
