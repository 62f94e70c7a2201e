"""Polygons for tests of kernels, as hypothesis draws them, and pictures of runs."""

import numpy as np
import shapely
from affine import Affine
from hypothesis import strategies as st
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.records import Runs
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.core.zonal.parts import polygons_of

HEIGHT, WIDTH = 30, 40
PLACES = (
    (10.0, 5e5, 5e6),
    (30.0, 333_330.0, 4_000_020.0),
    (0.1, -17.3, 44.2),
    (0.00026949458523585647, -17.3, 44.2),
    (1 / 3, 0.0, 0.0),
)
"""Sides of pixels, and left and top edges."""
Point = tuple[float, float]


@st.composite
def grids(draw: st.DrawFn) -> GeoBox:
    """Grids with round and odd pixels, north-up or south-up."""
    step, left, top = draw(st.sampled_from(PLACES))
    down = draw(st.sampled_from([-1, -1, -1, 1]))
    return GeoBox((HEIGHT, WIDTH), Affine(step, 0, left, 0, down * step, top), "EPSG:32633")


def points(on_halves: bool) -> st.SearchStrategy[Point]:
    """Columns and rows in and around the grid: halves lie on centres, corners and edges of pixels."""
    if on_halves:
        halves = st.integers(-10, 2 * WIDTH + 10).map(lambda number: number / 2)
        return st.tuples(halves, halves)
    anywhere = st.floats(-5, WIDTH + 5).map(lambda number: round(number, 6))
    return st.tuples(anywhere, anywhere)


@st.composite
def shapes(draw: st.DrawFn) -> BaseGeometry:
    """Valid polygons in columns and rows, of one or several parts, with and without holes, tiny and large."""
    drawn = st.lists(points(draw(st.booleans())), min_size=3, max_size=9)
    parts = [_valid(draw(drawn)) for _ in range(draw(st.integers(1, 3)))]
    whole = polygons_of(shapely.union_all(parts))
    if draw(st.booleans()):
        whole = polygons_of(shapely.difference(whole, _valid(draw(drawn))))
    if draw(st.integers(0, 4)) == 0:
        whole = polygons_of(shapely.make_valid(shapely.transform(whole, lambda vertices: vertices / 200 + 7.3)))
    return shapely.reverse(whole) if draw(st.booleans()) else whole


def _valid(vertices: list[Point]) -> BaseGeometry:
    return polygons_of(shapely.make_valid(shapely.Polygon(vertices)))


def on_map(shape: BaseGeometry, grid: GeoBox) -> BaseGeometry:
    """A shape of columns and rows in the map's units."""
    affine = grid.affine

    def move(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
        columns, rows = vertices.T
        x, y = affine.a * columns + affine.b * rows + affine.c, affine.d * columns + affine.e * rows + affine.f
        return np.column_stack([x, y])

    return shapely.transform(shape, move)


def painted(runs: Runs, window: Rectangle) -> NDArray[np.float64]:
    """The shares of one zone's runs (y, x) in a block; runs must not overlap."""
    picture = np.zeros(window.pixels)
    for start, length, share in zip(runs.starts, runs.lengths, runs.shares, strict=True):
        assert not picture[start : start + length].any()
        assert start // window.width == (start + length - 1) // window.width, "a run stays in its row"
        picture[start : start + length] = share
    return picture.reshape(window.height, window.width)


def pieces(window: Rectangle) -> list[Rectangle]:
    """A window cut into blocks of odd sizes."""
    cut = windows(height=window.height, width=window.width, rows=7, columns=11)
    return [piece.shifted(rows=window.row_start, columns=window.column_start) for piece in cut]


def bounds(window: Rectangle) -> NDArray[np.int64]:
    return np.array([window.row_start, window.column_start, window.row_stop, window.column_stop], np.int64)
