"""Where grids lie on the globe; expected corners come from pyproj."""

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from eo_pipeline.core.scenes.places import Place, bboxes, either_way


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


def test_boxes_with_a_margin_stay_on_the_globe() -> None:
    geobox = GeoBox((10, 3), Affine(1, 0, 179, 0, -1, 90), "EPSG:4326")
    assert bboxes(geobox, margin=0.5) == ((-180.0, 79.5, -177.5, 90.0), (178.5, 79.5, 180.0, 90.0))


OUTLINES = {
    "a tile of Sentinel-2": ("EPSG:32633", 399_960, 9_300_000, 109_800),
    "one on the antimeridian": ("EPSG:32601", 199_980, 7_900_000, 109_800),
    "Landsat at 80 degrees": ("EPSG:32633", 300_000, 8_980_000, 185_000),
    "MODIS at 60 degrees": ("+proj=sinu +R=6371007.181 +units=m", 2_223_901, 7_783_654, 1_111_950),
}


@pytest.mark.parametrize("name", OUTLINES)
def test_an_outline_of_four_corners_holds_all_of_a_tile(name: str) -> None:
    """No edge of the tile, point by point, is missed; the corners alone, straight in degrees, miss some of them."""
    crs, left, top, side = OUTLINES[name]
    along = np.linspace(0, 1, 501)
    x = left + side * np.concatenate([along, along * 0 + 1, 1 - along, along * 0])
    y = top - side * np.concatenate([along * 0, along, along * 0 + 1, 1 - along])
    lon, lat = Transformer.from_crs(crs, 4326, always_xy=True).transform(x, y)
    lon = np.unwrap(lon, period=360)
    corners = shapely.Polygon(np.column_stack([lon, lat])[[0, 501, 1002, 1503]])
    edge = shapely.points(lon, lat)
    wide = either_way(corners, CRS(crs))
    longest = shapely.distance(edge, corners).max()
    assert longest > 1e-3
    assert shapely.distance(edge, wide).max() < longest / 1000
    assert corners.difference(wide).area < 1e-9


def test_an_outline_that_crosses_itself_is_mended() -> None:
    bow = shapely.Polygon([(15, 50), (16, 51), (16, 50), (15, 51)])
    wide = either_way(bow, CRS("EPSG:32633"))
    assert wide.is_valid
    assert shapely.make_valid(bow).difference(wide).area < 1e-9


def test_outlines_without_another_edge_stay_as_they_are() -> None:
    box = shapely.box(10, 50, 11, 51)
    assert either_way(box, CRS("EPSG:4326")).equals(box)
    round_the_pole = shapely.box(-180, 80, 180, 90)
    assert either_way(round_the_pole, CRS("EPSG:3413")).equals(round_the_pole)
