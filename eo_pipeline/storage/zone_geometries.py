"""Whether geometries of a file can be zones, and mending those that are invalid.

What does not belong here: reading them (`vectors`), and what is done with them.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.parts import parts_like
from eo_pipeline.core.zonal.shapes import Kind
from eo_pipeline.errors import ZonesError

_TYPES: dict[str, Kind] = {
    "Polygon": "polygons",
    "MultiPolygon": "polygons",
    "Point": "points",
    "MultiPoint": "points",
    "LineString": "lines",
    "LinearRing": "lines",
    "MultiLineString": "lines",
}
_LISTED = 10
"""Zones that an error names."""


def check_geometries(
    shapes: Sequence[BaseGeometry | None],
    named: str,
    names: Sequence[str | int],
    *,
    where: Path | str,
    kinds: Sequence[Kind],
) -> None:
    """Geometries are there, of one of some kinds, all of the same, and their coordinates are numbers.

    Args:
        shapes: of a file.
        named: the column that names them.
        names: of each.
        where: the file, or what else they come from.
        kinds: that zones may be.

    Raises:
        ZonesError: lists those that are not.
    """
    words = " or ".join(kinds)
    found = [_kind(shape) for shape in shapes]
    wrong = [row for row, kind in enumerate(found) if kind not in kinds]
    if wrong:
        listed = ", ".join(f"{names[row]}: {_type(shapes[row])}" for row in wrong[:_LISTED])
        raise ZonesError(
            f"{where}: expected {words} only, got {len(wrong)} other or empty geometries ({named} {listed}); remove or "
            "buffer them"
        )
    if len(set(found)) > 1:
        there = " and ".join(sorted(map(str, set(found))))
        raise ZonesError(f"{where}: expected zones of one kind, got {there}; store each kind in a file of its own")
    if lost := _not_finite(shapes):
        raise ZonesError(
            f"{where}: expected coordinates that are finite numbers, got others in {len(lost)} geometries "
            f"({named} {', '.join(str(names[row]) for row in lost[:_LISTED])}); correct or remove them"
        )


def _not_finite(shapes: Sequence[BaseGeometry | None]) -> list[int]:
    coordinates, rows = shapely.get_coordinates(np.array(shapes, dtype=object), return_index=True)
    return [int(row) for row in np.unique(rows[~np.isfinite(coordinates).all(axis=1)])]


def mended(shape: BaseGeometry, zone: str | int, *, where: Path | str) -> BaseGeometry:
    """A valid geometry of the same kind; the same if it is valid.

    Raises:
        ZonesError: nothing of it has an area, or of a line a length.
    """
    if shape.is_valid:
        return shape
    found = parts_like(shapely.make_valid(shape), shape)
    if found.is_empty:
        wanted = "a polygon with an area" if _kind(shape) == "polygons" else "a line with a length"
        raise ZonesError(f"{where}: zone {zone}: expected {wanted}, got one without; remove it")
    return found


def _kind(shape: BaseGeometry | None) -> Kind | None:
    return None if shape is None or shape.is_empty else _TYPES.get(shape.geom_type)


def _type(shape: BaseGeometry | None) -> str:
    return "no geometry" if shape is None or shape.is_empty else str(shape.geom_type)
