"""Polygons of the whole earth as small pieces in the CRS of a grid, only those that may lie on it.

A projection means nothing far from where it is made for, and tears polygons that cross its seam. So polygons are first
cut into cells of degrees, then buffered on the ground, and only cells that the grid reaches are brought into its CRS.
What does not belong here: what the pieces are compared with (`discard`).
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.cubes.degree_cells import buffered, cells_reached, cut_into_cells
from eo_pipeline.core.zonal.reprojecting import METRES_PER_DEGREE, edge_step, metres_per_unit, transformer_of
from eo_pipeline.errors import CubeError

Pieces = NDArray[np.object_]
"""Polygons, one-dimensional."""

MOST_BUFFER = 50_000.0
"""Metres: a cell of degrees and its neighbours hold no more."""
_LONGITUDES_AND_LATITUDES = CRS("EPSG:4326")
_TURNS = (-360, 0, 360)
_SAMPLES = 257
"""Points along each side of the grid that tell which cells it reaches: less than 160 km apart on any grid."""
_NUDGE = 1e-8
"""Share of its width by which a piece is narrowed: its corners on a seam then lie on its own side."""


def pieces_on_grid(geometries: Sequence[BaseGeometry], crs: CRS, grid: GeoBox, *, buffer: float) -> Pieces:
    """The parts of polygons that may lie on a grid, in its CRS; some lie beside it.

    Args:
        geometries: polygons in `crs`, x before y.
        crs: of the polygons.
        grid: with a CRS.
        buffer: metres around the polygons that are part of them, 0 to MOST_BUFFER.

    Raises:
        CubeError: a buffer that is too wide, or polygons of another projected CRS that hold a pole.
    """
    if not 0 <= buffer <= MOST_BUFFER:
        raise CubeError(f"expected a buffer of 0 to {MOST_BUFFER:g} m, got {buffer:g}; choose one of those")
    target = _crs(grid)
    if not crs.geographic and crs == target:
        near = shapely.buffer(_parts(geometries), buffer / metres_per_unit(crs)) if buffer else _parts(geometries)
        return np.asarray(near, dtype=object)
    shapes = _parts(geometries)
    if not crs.geographic:
        shapes, crs = _in_degrees(shapes, crs), _LONGITUDES_AND_LATITUDES
    cut = buffered(cut_into_cells(shapes, cells_reached(*_sampled(grid, target, crs))), buffer / METRES_PER_DEGREE)
    torn = np.array([part for piece in cut for part in _at_seam(piece, _seam(target))], dtype=object)
    if target.geographic:
        return np.concatenate([_moved(torn, transformer_of(crs, target), turn) for turn in _TURNS])
    step = edge_step(_pixel(grid), target) / METRES_PER_DEGREE
    return _moved(shapely.segmentize(torn, step), transformer_of(crs, target), 0)


def _parts(geometries: Sequence[BaseGeometry]) -> Pieces:
    return np.asarray(shapely.get_parts(np.asarray(geometries, dtype=object)), dtype=object)


def _in_degrees(shapes: Pieces, crs: CRS) -> Pieces:
    """Polygons of a projected CRS in degrees, each unbroken at 180."""
    transformer = transformer_of(crs, _LONGITUDES_AND_LATITUDES)
    back = transformer_of(_LONGITUDES_AND_LATITUDES, crs)
    poles = shapely.points([back.transform(0.0, pole) for pole in (-90.0, 90.0)])
    if shapely.intersects(shapes[:, None], poles[None, :]).any():
        raise CubeError(
            f"expected polygons that hold no pole, or such in degrees, got one in {crs} that holds a pole; "
            "store it in EPSG:4326 or in the cube's CRS"
        )
    dense = shapely.segmentize(shapes, 10_000.0 / metres_per_unit(crs))
    return np.array([_unbroken(shape, transformer) for shape in dense], dtype=object)


def _unbroken(shape: BaseGeometry, transformer: Transformer) -> BaseGeometry:
    middle = transformer.transform(*shapely.get_coordinates(shape.representative_point())[0])[0]

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack([middle + (x - middle + 180) % 360 - 180, y])

    return shapely.make_valid(shapely.transform(shape, move))


def _sampled(grid: GeoBox, target: CRS, crs: CRS) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Longitudes and latitudes of points all over a grid; not finite where its CRS has no ground."""
    height, width = grid.shape
    columns, rows = np.meshgrid(np.linspace(0, width, _SAMPLES), np.linspace(0, height, _SAMPLES))
    a, b, c, d, e, f = tuple(grid.affine)[:6]
    x, y = a * columns + b * rows + c, d * columns + e * rows + f
    longitude, latitude = transformer_of(target, crs).transform(x.ravel(), y.ravel())
    return np.asarray(longitude), np.asarray(latitude)


def _moved(pieces: Pieces, transformer: Transformer, turn: int) -> Pieces:
    """Pieces in another CRS, in degrees a whole turn further; of one that has no place there, what has."""

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack([np.asarray(x) + turn, y])

    moved = np.asarray(shapely.transform(pieces, move), dtype=object)
    for index in np.flatnonzero(~shapely.is_valid(moved)).tolist():
        points = shapely.get_coordinates(moved[index])
        whole = np.isfinite(points).all()
        finite = shapely.MultiPoint(points[np.isfinite(points).all(axis=1)])
        moved[index] = shapely.make_valid(moved[index]) if whole else finite.convex_hull
    return moved


def _at_seam(piece: BaseGeometry, seam: float) -> Iterator[BaseGeometry]:
    """A piece, or its parts on both sides of the longitude where a projection is torn, kept off it."""
    west, _, east, _ = piece.bounds
    edges = [-np.inf, *(seam + turn for turn in _TURNS if west < seam + turn < east), np.inf]
    for left, right in itertools.pairwise(edges):
        part = piece if len(edges) == 2 else piece.intersection(shapely.box(max(left, west), -90, min(right, east), 90))
        if not part.is_empty:
            yield affinity.scale(part, xfact=1 - _NUDGE)


def _seam(crs: CRS) -> float:
    """The longitude opposite to a projection's middle, -180 to 180."""
    operation = crs.proj.coordinate_operation
    middles = [param.value for param in operation.params if param.name.startswith("Longitude of")] if operation else []
    return (float(middles[0]) if middles else 0.0) % 360 - 180


def _pixel(grid: GeoBox) -> float:
    return float(min(abs(grid.resolution.x), abs(grid.resolution.y)))


def _crs(grid: GeoBox) -> CRS:
    if grid.crs is None:
        raise CubeError("Expected a grid with a CRS, got none; give the product a CRS.")
    return grid.crs
