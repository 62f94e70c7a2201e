"""Points and lines measured over rasters: against the pixels that hold them, and lengths that shapely cuts."""

import math
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.entries import Results
from eo_pipeline.core.zonal.from_sums import from_sums, valid_share
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones.measure_zones import results_of_zones
from eo_pipeline_tests.raster_files import grid, write_raster

HEIGHT, WIDTH = 60, 80
UTM = CRS("EPSG:32633")
BAND = BandEncoding("b", "float32", nodata=math.nan)


def zones(*shapes: BaseGeometry, crs: CRS = UTM) -> Zones:
    return Zones("z.gpkg", "code", tuple(range(len(shapes))), shapes, crs, (), "")


def scene(folder: Path) -> tuple[np.ndarray, list[Path]]:
    """Pixels with a hole, as two rasters side by side."""
    pixels = np.random.default_rng(7).random((1, HEIGHT, WIDTH)).astype("float32")
    pixels[:, 20:25, 30:45] = np.nan
    west = write_raster(folder / "w.tif", grid(HEIGHT, 37), pixels[:, :, :37], nodata=math.nan)
    east = write_raster(folder / "e.tif", grid(HEIGHT, WIDTH - 37, left=5e5 + 370), pixels[:, :, 37:], nodata=math.nan)
    return pixels[0], [west, east]


def measured(found: Results, statistic: str, wanted: Wanted) -> list[float]:
    return [float(number) for number in from_sums(statistic, found.sums, 0, wanted)]


def test_points_take_the_pixel_that_holds_them(tmp_path: Path) -> None:
    pixels, rasters = scene(tmp_path)
    places = [(0.0, 0.0), (36.99, 10.5), (37.0, 59.9), (33.5, 22.5), (90.5, 3.5)]
    shapes = [shapely.Point(grid(1, 1).affine @ place) for place in places]
    wanted = Wanted((BAND,), kind="points")
    found = results_of_zones(zones(*shapes), rasters, wanted)
    values = [pixels[0, 0], pixels[10, 36], pixels[59, 37], np.nan, np.nan]
    assert measured(found, "mean", wanted) == pytest.approx(values, nan_ok=True)
    assert measured(found, "count", wanted) == [1, 1, 1, 0, 0]


def test_points_of_another_crs_come_to_the_grid(tmp_path: Path) -> None:
    pixels, rasters = scene(tmp_path)
    back = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    shape = shapely.Point(back.transform(*(grid(1, 1).affine @ (5.5, 7.5))))
    wanted = Wanted((BAND,), ("min",), kind="points")
    found = results_of_zones(zones(shape, crs=CRS("EPSG:4326")), rasters, wanted)
    assert measured(found, "min", wanted) == [pixels[7, 5]]


def test_lines_weigh_pixels_by_the_metres_inside(tmp_path: Path) -> None:
    pixels, rasters = scene(tmp_path)
    way = [(2.3, 4.1), (70.2, 33.3), (65.1, 50.7)]
    line = shapely.LineString([grid(1, 1).affine @ place for place in way])
    wanted = Wanted((BAND,), ("mean", "median", "count"), kind="lines")
    found = results_of_zones(zones(line), rasters, wanted)
    corners = [(c, r) for r in range(HEIGHT) for c in range(WIDTH)]
    squares = [shapely.box(5e5 + 10 * c, 5e6 - 10 * r - 10, 5e5 + 10 * c + 10, 5e6 - 10 * r) for c, r in corners]
    metres = shapely.length(shapely.intersection(line, squares)).reshape(HEIGHT, WIDTH)
    there = ~np.isnan(pixels)
    assert measured(found, "mean", wanted)[0] == pytest.approx(np.average(pixels[there], weights=metres[there]))
    assert measured(found, "count", wanted) == [(there & (metres > 0)).sum()]
    assert valid_share(found.sums, 0)[0] == pytest.approx(metres[there].sum() / line.length)
    assert 0.1 < found.closed.statistics["median"][0, 0] < 0.9


def test_lines_across_the_180th_meridian_find_a_grid_of_unbroken_longitudes(tmp_path: Path) -> None:
    geobox = GeoBox((10, 10), Affine(1, 0, 175, 0, -1, -10), "EPSG:4326")
    values = np.arange(100, dtype="float32").reshape(1, 10, 10)
    path = write_raster(tmp_path / "fiji.tif", geobox, values)
    line = shapely.MultiLineString([[(178.5, -17.5), (180, -17.5)], [(-180, -17.5), (-178.5, -17.5)]])
    wanted = Wanted((BAND,), ("sum", "count"), kind="lines")
    found = results_of_zones(zones(line, crs=CRS("EPSG:4326")), [path], wanted)
    half = Geod(ellps="WGS84").line_length([178.5, 179.0], [-17.5, -17.5])
    assert measured(found, "count", wanted) == [4]
    assert measured(found, "sum", wanted)[0] == pytest.approx(half * 73 + 2 * half * 74 + 2 * half * 75 + half * 76)
