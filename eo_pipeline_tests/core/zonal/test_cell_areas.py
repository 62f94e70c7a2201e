"""Ground areas of pixels, against geodesic polygons whose parallels are followed closely."""

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Geod

from eo_pipeline.core.zonal.cell_areas import row_areas
from eo_pipeline.errors import GridMismatchError

WGS84 = Geod(ellps="WGS84")
EARTH = 510_065_621_724_000.0
"""Square metres of the WGS 84 ellipsoid (NIMA TR8350.2, the sphere of equal area has a radius of 6371007.1809 m)."""


def degrees(left: float, top: float, step: float, height: int, width: int, *, crs: str = "EPSG:4326") -> GeoBox:
    return GeoBox((height, width), Affine(step, 0, left, 0, -step, top), crs)


def geodesic_area(left: float, bottom: float, right: float, top: float, parts: int = 200) -> float:
    """Of a box of degrees: geodesics between many points of its parallels."""
    x = np.linspace(left, right, parts)
    ring_x = np.concatenate([x, x[::-1]])
    ring_y = np.concatenate([np.full(parts, bottom), np.full(parts, top)])
    return abs(float(WGS84.polygon_area_perimeter(ring_x, ring_y)[0]))


@pytest.mark.parametrize(
    ("left", "top", "step"),
    [
        (14.0, 0.5, 0.5),
        (-60.0, 0.0001, 0.0001),
        (177.0, -16.0, 0.25),
        (179.5, -16.5, 1.0),
        (10.0, 80.0, 0.5),
        (-45.0, -84.75, 0.25),
        (25.0, 65.00025, 0.00025),
    ],
    ids=["equator", "10 m at the equator", "Fiji", "Fiji across the 180th", "Svalbard", "Antarctica", "Landsat"],
)
def test_a_cell_of_degrees_has_its_geodesic_area(left: float, top: float, step: float) -> None:
    (found,) = row_areas(degrees(left, top, step, 1, 3))
    assert found == pytest.approx(geodesic_area(left, top - step, left + step, top), rel=1e-5)


def test_all_cells_together_are_the_earth() -> None:
    whole = degrees(-180, 90, 0.5, 360, 720)
    assert row_areas(whole).sum() * 720 == pytest.approx(EARTH, rel=1e-9)


def test_rows_beyond_a_pole_have_no_area() -> None:
    areas = row_areas(degrees(0, 90.25, 0.5, 3, 1))
    assert areas[0] == pytest.approx(row_areas(degrees(0, 90, 0.25, 1, 2))[0] * 2)
    assert row_areas(degrees(0, 91, 0.5, 1, 1))[0] == 0


def test_south_up_grids_have_the_same_areas() -> None:
    upside_down = GeoBox((4, 1), Affine(0.5, 0, 0, 0, 0.5, 60), "EPSG:4326")
    assert row_areas(upside_down) == pytest.approx(row_areas(degrees(0, 62, 0.5, 4, 1))[::-1])


def test_a_sphere_has_its_own_area() -> None:
    crs = "+proj=longlat +R=6371000 +no_defs"
    expected = 6371000**2 * np.radians(1.0) * (np.sin(np.radians(45)) - np.sin(np.radians(44)))
    assert row_areas(degrees(0, 45, 1, 1, 1, crs=crs))[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("crs", "expected"),
    [("EPSG:32633", 100.0), ("EPSG:3035", 100.0), ("EPSG:2263", 100.0 * 0.3048006096**2)],
    ids=["UTM", "equal area", "US survey feet"],
)
def test_a_projected_cell_has_the_area_it_is_drawn_with(crs: str, expected: float) -> None:
    grid = GeoBox((2, 2), Affine(10, 0, 5e5, 0, -10, 5e6), crs)
    assert row_areas(grid) == pytest.approx([expected, expected], rel=1e-9)


def test_a_turned_grid_of_degrees_is_refused() -> None:
    turned = GeoBox((2, 2), Affine.rotation(10) @ Affine.scale(0.1), "EPSG:4326")
    with pytest.raises(GridMismatchError, match=r"expected a grid of longitudes and latitudes along .*leave areas out"):
        row_areas(turned)


def test_a_grid_without_crs_is_refused() -> None:
    with pytest.raises(GridMismatchError, match="expected a grid with a CRS to know the area of its pixels"):
        row_areas(GeoBox((2, 2), Affine.scale(0.1), None))
