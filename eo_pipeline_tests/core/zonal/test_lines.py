"""Points and lines on pixels, against exactextract, rasterstats, shapely and geodesic lengths."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from affine import Affine
from exactextract import exact_extract  # type: ignore[import-untyped]  # exactextract has no types
from exactextract.raster import NumPyRasterSource  # type: ignore[import-untyped]  # exactextract has no types
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Geod
from rasterstats import zonal_stats
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.lines import HeldCells, line_cells, point_cells
from eo_pipeline.errors import GridMismatchError

HEIGHT, WIDTH = 12, 15
METRES = GeoBox((HEIGHT, WIDTH), Affine(10, 0, 500_000, 0, -10, 5_000_000), "EPSG:32633")
DEGREES = GeoBox((HEIGHT, WIDTH), Affine(0.5, 0, 20, 0, -0.5, 66), "EPSG:4326")


def on_metres(*pixels: tuple[float, float]) -> shapely.LineString:
    """A line through places given as columns and rows."""
    return shapely.LineString([METRES.affine @ place for place in pixels])


def as_image(cells: HeldCells) -> np.ndarray:
    image = np.zeros((HEIGHT, WIDTH))
    image[cells.rows, cells.columns] = cells.weights
    return image


def of_exactextract(line: BaseGeometry) -> np.ndarray:
    """Lengths of a line inside pixels of 10 m by exactextract, which sees no upright ones."""
    box = METRES.boundingbox
    source = NumPyRasterSource(np.ones((HEIGHT, WIDTH)), box.left, box.bottom, box.right, box.top)
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(line)}
    found = exact_extract(source, [feature], ["cell_id", "coverage"])[0]["properties"]
    image = np.zeros(HEIGHT * WIDTH)
    image[found["cell_id"]] = found["coverage"]
    return image.reshape(HEIGHT, WIDTH)


def of_shapely(line: BaseGeometry) -> np.ndarray:
    """Lengths of a line inside pixels, by cutting each of its edges with each pixel's square."""
    corners = [(METRES.affine @ (c, r), METRES.affine @ (c + 1, r + 1)) for r in range(HEIGHT) for c in range(WIDTH)]
    squares = [shapely.box(left, bottom, right, top) for (left, top), (right, bottom) in corners]
    edges = [shapely.LineString(edge) for edge in pairwise(line.coords)]
    inside = [shapely.length(shapely.intersection(edge, squares)) for edge in edges]
    return np.sum(inside, axis=0).reshape(HEIGHT, WIDTH)


@pytest.mark.parametrize(
    "line",
    [
        on_metres((0.5, 0.5), (13.2, 9.7)),
        on_metres((14.1, 0.3), (2.2, 11.8), (2.7, 0.1)),
        on_metres((1.1, 1.1), (1.4, 1.3)),
        shapely.MultiLineString([on_metres((0.5, 0.5), (5.5, 3.1)), on_metres((5.5, 0.2), (0.5, 3.3))]),
    ],
    ids=["straight", "bent", "inside one", "two"],
)
def test_lengths_inside_pixels_are_those_of_exactextract(line: BaseGeometry) -> None:
    assert as_image(line_cells(line, METRES)) == pytest.approx(of_exactextract(line), abs=1e-6)


PLACES = st.tuples(
    st.integers(1, 100 * WIDTH - 1).map(lambda hundredths: hundredths / 100),
    st.integers(1, 100 * HEIGHT - 1).map(lambda hundredths: hundredths / 100),
)


@given(st.lists(PLACES, min_size=2, max_size=5, unique=True))
def test_no_length_is_lost_and_each_lies_where_shapely_finds_it(places: list[tuple[float, float]]) -> None:
    line = on_metres(*places)
    image = as_image(line_cells(line, METRES))
    assert image.sum() == pytest.approx(line.length, rel=1e-9)
    on_edges = any(a[k] == b[k] == int(a[k]) for a, b in pairwise(places) for k in (0, 1))
    if not on_edges:
        assert image == pytest.approx(of_shapely(line), abs=1e-4)


def test_a_line_along_edges_of_pixels_lies_in_those_below_and_right() -> None:
    lying = as_image(line_cells(on_metres((2, 4), (5, 4)), METRES))
    assert lying[4, 2:5].tolist() == pytest.approx([10, 10, 10])
    upright = as_image(line_cells(on_metres((7, 9), (7, 7)), METRES))
    assert upright[7:9, 7].tolist() == pytest.approx([10, 10])
    assert (lying.sum(), upright.sum()) == pytest.approx((30, 20))


def test_a_line_beyond_the_grid_names_pixels_outside_it() -> None:
    cells = line_cells(on_metres((-1.5, 0.5), (0.5, 0.5)), METRES)
    assert cells.columns.tolist() == [-2, -1, 0]
    assert cells.weights.tolist() == pytest.approx([5, 10, 5])


def test_lengths_on_longitudes_and_latitudes_are_geodesic() -> None:
    cells = line_cells(shapely.LineString([(20.1, 64.75), (20.9, 64.75)]), DEGREES)
    expected = Geod(ellps="WGS84").line_length([20.1, 20.5], [64.75, 64.75])
    assert cells.weights.tolist() == pytest.approx([expected, expected])
    assert expected == pytest.approx(0.4 * 111_320 * np.cos(np.radians(64.75)), rel=5e-3)


def test_a_line_needs_a_grid_with_a_crs() -> None:
    with pytest.raises(GridMismatchError, match="expected a grid with a CRS to measure along lines"):
        line_cells(on_metres((1, 1), (2, 2)), GeoBox((2, 2), METRES.affine, None))


@pytest.mark.parametrize("x", [0.5, 3.0, 14.999])
def test_a_point_lies_in_the_pixel_that_rasterstats_gives_it(x: float) -> None:
    values = np.arange(HEIGHT * WIDTH, dtype=float).reshape(HEIGHT, WIDTH)
    place = shapely.Point(METRES.affine @ (x, 6.25))
    (found,) = zonal_stats([place], values, affine=METRES.affine, nodata=-1, stats="sum count")
    cells = point_cells(place, METRES.affine)
    assert (values[cells.rows, cells.columns].tolist(), found["count"]) == ([found["sum"]], 1)


def test_a_pixel_of_several_points_counts_once_as_in_rasterstats() -> None:
    values = np.arange(HEIGHT * WIDTH, dtype=float).reshape(HEIGHT, WIDTH)
    places = shapely.MultiPoint([METRES.affine @ place for place in ((1.2, 1.2), (1.8, 1.3), (4.5, 2.5))])
    (found,) = zonal_stats([places], values, affine=METRES.affine, nodata=-1, stats="sum count")
    cells = point_cells(places, METRES.affine)
    assert values[cells.rows, cells.columns].sum() == found["sum"]
    assert (cells.weights.tolist(), found["count"]) == ([1, 1], 2)


def test_a_point_on_a_corner_belongs_to_the_pixel_below_and_right() -> None:
    cells = point_cells(shapely.Point(METRES.affine @ (3, 5)), METRES.affine)
    assert (cells.rows.tolist(), cells.columns.tolist()) == ([5], [3])
