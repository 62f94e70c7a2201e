"""The ground that classes cover on longitudes and latitudes, against geodesic areas of the zones."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Geod
from shapely import box
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline_tests.raster_files import write_raster

JANUARY = Period(dt.datetime(2023, 1, 1, tzinfo=dt.UTC), dt.datetime(2023, 2, 1, tzinfo=dt.UTC), "2023-01")
COVER = BandEncoding("cover", "uint8", nodata=255, kind="categorical")


def areas(path: Path, zone: BaseGeometry, rule: Rule) -> pd.Series:
    zones = Zones("z.gpkg", "code", (1,), (zone,), CRS("EPSG:4326"), (), "")
    wanted = Wanted((COVER,), ("count",), rule=rule, classes=(1, 2), areas=True)
    return measure_zones(zones, [path], wanted, JANUARY).iloc[0]


def geodesic(shape: BaseGeometry) -> float:
    """Square metres inside parallels and meridians: edges are followed every hundredth of a degree."""
    return abs(float(Geod(ellps="WGS84").geometry_area_perimeter(shapely.segmentize(shape, 0.01))[0]))


@pytest.mark.parametrize(
    ("left", "top", "zone"),
    [
        (177.0, -15.0, shapely.Polygon([(177.3, -17.8), (178.9, -16.1), (180.7, -16.9), (179.2, -19.1)])),
        (10.0, 81.0, shapely.Polygon([(11.1, 77.2), (14.7, 77.1), (13.3, 80.6), (10.4, 79.9)])),
        (-62.0, 1.0, shapely.Polygon([(-61.7, 0.8), (-58.4, 0.3), (-59.2, -2.7), (-61.1, -1.9)])),
    ],
    ids=["Fiji", "Svalbard", "equator"],
)
def test_classes_cover_as_much_ground_as_geodesics_enclose(
    tmp_path: Path, left: float, top: float, zone: BaseGeometry
) -> None:
    grid = GeoBox((100, 100), Affine(0.05, 0, left, 0, -0.05, top), "EPSG:4326")
    pixels = np.ones((1, 100, 100), "uint8")
    pixels[:, 60:] = 2
    path = write_raster(tmp_path / "cover.tif", grid, pixels, nodata=255, names=("cover",))
    row = areas(path, zone, Rule.FRACTIONAL)
    divide = top - 60 * 0.05
    north, south = (
        zone.intersection(box(left, divide, left + 5, top)),
        zone.intersection(box(left, top - 5, left + 5, divide)),
    )
    assert row["cover_class_1_area"] == pytest.approx(geodesic(north), rel=1e-4)
    assert row["cover_class_2_area"] == pytest.approx(geodesic(south), rel=1e-4)


def test_fiji_in_two_parts_covers_as_much_as_in_one(tmp_path: Path) -> None:
    grid = GeoBox((100, 100), Affine(0.05, 0, 177, 0, -0.05, -15), "EPSG:4326")
    path = write_raster(tmp_path / "c.tif", grid, np.ones((1, 100, 100), "uint8"), nodata=255, names=("cover",))
    parts = shapely.MultiPolygon([box(178.02, -18.01, 180, -16.03), box(-180, -17.07, -179.04, -16.01)])
    expected = geodesic(box(178.02, -18.01, 180, -16.03)) + geodesic(box(-180, -17.07, -179.04, -16.01))
    assert areas(path, parts, Rule.FRACTIONAL)["cover_class_1_area"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("rule", [Rule.CENTER, Rule.ALL_TOUCHED])
def test_whole_pixels_cover_their_own_ground(tmp_path: Path, rule: Rule) -> None:
    grid = GeoBox((10, 10), Affine(0.5, 0, 20, 0, -0.5, 70), "EPSG:4326")
    path = write_raster(tmp_path / "c.tif", grid, np.full((1, 10, 10), 2, "uint8"), nodata=255, names=("cover",))
    row = areas(path, box(21.1, 67.1, 22.9, 68.9), rule)
    edges = box(21.0, 67.0, 23.0, 69.0)
    assert row["cover_class_2_area"] == pytest.approx(geodesic(edges), rel=1e-5)
    assert row["cover_class_1_area"] == 0
