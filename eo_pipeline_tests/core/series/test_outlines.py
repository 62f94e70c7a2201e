"""Edges are what was declared, and each region belongs to one area."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from odc.geo.crs import CRS
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.grids import Area, Lattice, cells, feature_areas
from eo_pipeline.core.series.outlines import inner_points, outline, owner, pixels_around

DEGREES, LAEA = CRS("EPSG:4326"), CRS("EPSG:3035")
LATTICE = Lattice("EPSG:4326", 0.01, 0.0, 0.0)
TRIANGLE = shapely.Polygon([(10, 50), (40, 50), (25, 65)], [[(20, 54), (28, 54), (25, 58)]])
_GEOD = Geod(ellps="WGS84")


def geodesic(shape: BaseGeometry, pieces: int = 400) -> shapely.Polygon:
    """The same corners of a polygon with many points on the geodesics between them."""
    assert isinstance(shape, shapely.Polygon)

    def bent(ring: BaseGeometry) -> list[tuple[float, float]]:
        points = list(ring.coords)
        found = []
        for (x0, y0), (x1, y1) in pairwise(points):
            found += [(x0, y0), *_GEOD.npts(x0, y0, x1, y1, pieces)]
        return found

    return shapely.Polygon(bent(shape.exterior), [bent(ring) for ring in shape.interiors])


def apart(a: BaseGeometry, b: BaseGeometry) -> float:
    return float(shapely.hausdorff_distance(a.boundary, b.boundary, 0.05))


def test_planar_edges_in_the_product_s_own_crs_are_left_alone() -> None:
    assert outline(TRIANGLE, DEGREES, LATTICE, edges="planar") == TRIANGLE


def test_geodesic_edges_keep_to_the_geodesics_within_a_hundredth_of_a_pixel() -> None:
    found = outline(TRIANGLE, DEGREES, LATTICE, edges="geodesic")
    assert isinstance(found, shapely.Polygon)
    assert apart(found, geodesic(TRIANGLE)) < 1e-4
    assert apart(TRIANGLE, geodesic(TRIANGLE)) > 0.9
    assert len(found.interiors) == 1
    assert set(TRIANGLE.exterior.coords) <= set(found.exterior.coords)


@pytest.mark.parametrize("edges", ["planar", "geodesic"])
def test_edges_are_followed_into_another_crs(edges: str) -> None:
    lattice = Lattice("EPSG:3035", 1000.0, 0.0, 0.0)
    found = outline(TRIANGLE, DEGREES, lattice, edges="planar" if edges == "planar" else "geodesic")
    true = geodesic(TRIANGLE) if edges == "geodesic" else shapely.segmentize(TRIANGLE, 0.01)
    move = Transformer.from_crs(4326, 3035, always_xy=True)
    wanted = shapely.transform(true, lambda p: np.column_stack(move.transform(p[:, 0], p[:, 1])))
    assert apart(found, wanted) < 10.0


def test_geodesics_across_the_antimeridian_stay_on_their_side() -> None:
    shape = shapely.box(179.0, 10.0, 185.0, 12.0)
    found = outline(shape, DEGREES, LATTICE, edges="geodesic")
    assert found.bounds[0] == pytest.approx(179.0)
    assert found.bounds[2] == pytest.approx(185.0)
    assert found.area == pytest.approx(shape.area, rel=0.01)


def test_each_region_belongs_to_the_one_cell_that_holds_a_point_of_it() -> None:
    cover = [shapely.box(0, 0, 4, 4)]
    areas = {area.key: area for area in cells(Lattice("EPSG:4326", 0.1, 0, 0), tile=10, cover=cover)}
    centres = [(x + 0.5, y + 0.5) for x in range(4) for y in range(4)]
    crossing = [shapely.box(x - 0.9, y - 0.4, x + 0.4, y + 0.9) for x, y in centres]
    points = inner_points(crossing, DEGREES, Lattice("EPSG:4326", 0.1, 0, 0))
    for shape, point in zip(crossing, points, strict=True):
        key = owner(point, areas)
        inside = [
            k for k, area in areas.items() if shapely.box(*area.geobox.boundingbox).contains(shapely.Point(point))
        ]
        assert shape.contains(shapely.Point(point))
        assert inside == ([key] if key is not None else [])
    assert owner(np.array([-0.1, 1.0]), areas) is None


def test_a_point_on_an_edge_belongs_to_one_cell_and_longitudes_count_modulo_a_turn() -> None:
    areas = {a.key: a for a in cells(Lattice("EPSG:4326", 1, 0, 0), tile=10, cover=[shapely.box(170, 0, 190, 20)])}
    assert len(areas) == 4
    for point in [(180.0, 5.0), (-180.0, 5.0), (-175.0, 10.0), (175.0, 10.0)]:
        holding = [key for key in areas if owner(np.array(point), {key: areas[key]}) is not None]
        assert len(holding) == 1, point


def test_the_first_of_overlapping_areas_has_a_region() -> None:
    shapes = {"b": shapely.box(0, 0, 3, 3), "a": shapely.box(1, 1, 4, 4)}
    areas: dict[str, Area] = {area.key: area for area in feature_areas(Lattice("EPSG:4326", 1, 0, 0), shapes.items())}
    assert owner(np.array([2.0, 2.0]), areas) == "a"
    assert owner(np.array([0.5, 0.5]), areas) == "b"


def test_points_without_meaning_in_the_product_s_crs_are_not_finite() -> None:
    [far] = inner_points([shapely.box(-170, -5, -169, -4)], DEGREES, Lattice("EPSG:3035", 1000.0, 0.0, 0.0))
    assert owner(far, {}) is None


def test_pixels_around_a_shape_are_those_of_its_bounds() -> None:
    assert pixels_around(shapely.box(0.005, 0.005, 0.025, 0.015), LATTICE) == 3 * 2
    assert pixels_around(shapely.box(0.001, 0.001, 0.002, 0.002), LATTICE) == 1
