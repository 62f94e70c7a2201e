"""Where grids lie on the globe; expected corners come from pyproj."""

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from eo_pipeline.core.scenes.places import Place, bboxes


def utm(zone: int, left: float, top: float, side: float, *, south: bool = False) -> GeoBox:
    """A square of 100 pixels a side."""
    crs = f"EPSG:{32700 + zone if south else 32600 + zone}"
    return GeoBox((100, 100), Affine(side / 100, 0, left, 0, -side / 100, top), crs)


def test_a_box_holds_the_whole_grid() -> None:
    geobox = utm(33, 300_000, 5_400_000, 100_000)
    (box,) = bboxes(geobox)
    x, y = np.meshgrid(np.linspace(300_000, 400_000, 51), np.linspace(5_300_000, 5_400_000, 51))
    lon, lat = Transformer.from_crs(32633, 4326, always_xy=True).transform(x, y)
    np.testing.assert_allclose(box, [lon.min(), lat.min(), lon.max(), lat.max()], atol=1e-5)


def test_a_grid_across_the_antimeridian_has_two_boxes() -> None:
    geobox = utm(1, 150_000, 8_200_000, 200_000, south=True)
    west, east = bboxes(geobox)
    assert west[0] == -180
    assert east[2] == 180
    x, y = np.full(201, 150_000), np.linspace(8_000_000, 8_200_000, 201)
    left, _ = Transformer.from_crs(32701, 4326, always_xy=True).transform(x, y)
    right, _ = Transformer.from_crs(32701, 4326, always_xy=True).transform(x + 200_000, y)
    assert east[0] == pytest.approx(left.min(), abs=1e-4)
    assert west[2] == pytest.approx(right.max(), abs=1e-4)
    assert left.min() > 178


@pytest.mark.parametrize("turn", [-360, 0, 360])
def test_degrees_may_be_named_beyond_180(turn: int) -> None:
    geobox = GeoBox((10, 3), Affine(1, 0, 179 + turn, 0, -1, -10), "EPSG:4326")
    assert bboxes(geobox) == ((-180.0, -20.0, -178.0, -10.0), (179.0, -20.0, 180.0, -10.0))


def test_the_globe_and_a_pole_are_all_longitudes() -> None:
    globe = GeoBox.from_bbox((-180, -90, 180, 90), "EPSG:4326", shape=(180, 360))
    assert bboxes(globe) == ((-180.0, -90.0, 180.0, 90.0),)
    arctic = GeoBox((100, 100), Affine(20_000, 0, -1e6, 0, -20_000, 1e6), "EPSG:3413")
    ((west, south, east, north),) = bboxes(arctic)
    assert (west, east, north) == (-180.0, 180.0, 90.0)
    corner = Transformer.from_crs(3413, 4326, always_xy=True).transform(-1e6, 1e6)[1]
    assert south == pytest.approx(corner, abs=0.01)


def test_scenes_are_met_on_both_sides_of_the_antimeridian() -> None:
    place = Place(utm(1, 150_000, 8_200_000, 200_000, south=True))
    assert place.meets(shapely.box(179.5, -17, 179.9, -16.5))
    assert place.meets(shapely.box(-179.9, -17, -179.5, -16.5))
    assert place.meets(shapely.box(180.1, -17, 180.5, -16.5))
    assert not place.meets(shapely.box(177, -17, 178, -16.5))
    assert not place.meets(shapely.box(-10, -17, 10, -16.5))
