"""Footprints on the globe against PROJ's own corners, and across the 180th meridian."""

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from eo_pipeline.core.chips.chip_boxes import Windows
from eo_pipeline.core.chips.footprints import footprints


def windows(*boxes: tuple[str, float, float, float, int]) -> Windows:
    """CRS, left, top, resolution and pixels a side of each."""
    crs, left, top, resolution, side = zip(*boxes, strict=True)
    sides = np.array(side)
    return Windows(
        np.array(crs, dtype=object), np.array(left, float), np.array(top, float), np.array(resolution), sides, sides
    )


def test_footprints_have_the_chips_corners_in_degrees() -> None:
    boxes = [("EPSG:32633", 400_000.0, 5_300_000.0, 10.0, 256), ("EPSG:32733", 500_000.0, 8_000_000.0, 20.0, 64)]
    for (crs, left, top, resolution, side), shape in zip(
        boxes, footprints(windows(*boxes), np.full(2, 15.0)), strict=True
    ):
        right, bottom = left + side * resolution, top - side * resolution
        to_degrees = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
        corners = to_degrees.transform([left, right, right, left], [top, top, bottom, bottom])
        for x, y in zip(*corners, strict=True):
            assert shapely.distance(shape, shapely.Point(x, y)) < 1e-12
        area = abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0])
        assert area == pytest.approx((right - left) * (top - bottom), rel=2e-3)


@pytest.mark.parametrize("longitude", [179.99, -179.99])
def test_a_chip_across_the_180th_meridian_is_two_polygons(longitude: float) -> None:
    [shape] = footprints(windows(("EPSG:4326", 179.5, 10.0, 0.01, 100)), np.array([longitude]))
    assert shape.geom_type == "MultiPolygon"
    assert sorted(part.bounds for part in shape.geoms) == [
        pytest.approx((-180, 9, -179.5, 10)),
        pytest.approx((179.5, 9, 180, 10)),
    ]


def test_degrees_beyond_180_are_told_as_others_do() -> None:
    [shape] = footprints(windows(("EPSG:4326", 190.0, 10.0, 0.01, 100)), np.array([-169.5]))
    assert shape.bounds == pytest.approx((-170, 9, -169, 10))
