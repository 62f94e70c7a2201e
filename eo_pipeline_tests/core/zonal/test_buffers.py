"""Zones made smaller by metres, against distances and areas on the ellipsoid."""

import numpy as np
import pytest
import shapely
from odc.geo.crs import CRS
from pyproj import Geod, Transformer
from shapely import affinity, box
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.buffers import shrunk

WGS84 = Geod(ellps="WGS84")
DEGREES = CRS("EPSG:4326")


def ground_area(shape: BaseGeometry) -> float:
    return abs(float(WGS84.geometry_area_perimeter(shape)[0]))


@pytest.mark.parametrize(("lon", "lat"), [(14.3, 0.0), (178.4, -17.8), (25.2, 78.3)], ids=["equator", "Fiji", "Arctic"])
def test_metres_are_metres_at_every_latitude(lon: float, lat: float) -> None:
    """A geodesic circle of 5 km without its outer 500 m is one of 4.5 km."""
    around = np.linspace(0, 360, 181)[:-1]
    x, y, _ = WGS84.fwd(np.full(180, lon), np.full(180, lat), around, np.full(180, 5000.0))
    (inner,) = shrunk([shapely.Polygon(np.column_stack([x, y]))], DEGREES, metres=500)
    corners = shapely.get_coordinates(inner)
    many = np.ones(len(corners))
    _, _, distances = WGS84.inv(lon * many, lat * many, *corners.T)
    assert distances == pytest.approx(4500, abs=2.5), "a chord of the circle lies up to 0.8 m inside it"


def test_a_projection_that_stretches_does_not_stretch_the_buffer() -> None:
    """Web Mercator draws everything twice as long at 60 degrees north."""
    transformer = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    left, bottom = transformer.transform(10.0, 60.0)
    square = box(left, bottom, left + 20_000, bottom + 20_000)
    (inner,) = shrunk([square], CRS("EPSG:3857"), metres=1000)
    assert inner.bounds[0] - left == pytest.approx(2000, rel=0.01)


def test_holes_grow_and_thin_parts_vanish() -> None:
    field = shapely.Polygon(box(0, 0, 3000, 3000).exterior, [box(1000, 1000, 2000, 2000).exterior])
    shapes = [shapely.MultiPolygon([field, box(5000, 0, 5150, 3000)]), box(7000, 0, 7100, 50)]
    moved = [affinity.translate(shape, 500_000, 5_000_000) for shape in shapes]
    inner, nothing = shrunk(moved, CRS("EPSG:32633"), metres=100)
    assert inner.area == pytest.approx(2800**2 - (1200**2 - (4 - np.pi) * 100**2), rel=1e-3)
    assert inner.geom_type == "Polygon"
    assert nothing.is_empty


def test_a_seam_at_the_180th_meridian_is_no_edge() -> None:
    fiji = shapely.MultiPolygon([box(179.5, -17, 180, -16.5), box(-180, -17, -179.5, -16.5)])
    (inner,) = shrunk([fiji], DEGREES, metres=2000)
    (unbroken,) = shrunk([box(179.5, -17, 180.5, -16.5)], DEGREES, metres=2000)
    assert inner.symmetric_difference(unbroken).area < 1e-6 * unbroken.area
    assert unbroken.bounds[0] == pytest.approx(179.5 + 2000 / 106_600, abs=1e-4)
    assert ground_area(box(179.5, -17, 180.5, -16.5)) > ground_area(unbroken)


def test_each_keeps_its_place_in_the_order() -> None:
    squares = [box(x, y, x + 0.1, y + 0.1) for x, y in ((20, 50), (-70, -10), (20.2, 50.2), (150, 5))]
    inner = shrunk(squares, DEGREES, metres=100)
    assert all(square.contains(shape) for square, shape in zip(squares, inner, strict=True))
