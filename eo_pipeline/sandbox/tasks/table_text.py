"""CSV as features. What does not belong here: where the file comes from, and writing CSV."""

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.values import Feature

_SHAPES = (".geo", "geometry", "WKT", "wkt", "geojson")
"""Columns that hold shapes when the manifest names none."""


@dataclass(frozen=True)
class Columns:
    """How a CSV file is read."""

    x: str
    """Column of the x coordinate; used if there is no column of shapes and both coordinates are there."""
    y: str
    geometry: str | None
    """Column of shapes, GeoJSON or WKT; None: the first of some usual names."""
    delimiter: str
    qualifier: str
    charset: str


def read_csv(path: Path, columns: Columns, crs: str) -> Iterator[Feature]:
    """The features of a file, in its order; a column whose cells are all numbers or empty becomes numbers.

    Args:
        path: The file; its first row has the names.
        columns: How to read it.
        crs: Of the coordinates.

    Raises:
        ServiceError: It is no such file, or a shape cannot be read.
    """
    try:
        with path.open(encoding=columns.charset, newline="") as file:
            rows = list(csv.DictReader(file, delimiter=columns.delimiter, quotechar=columns.qualifier, strict=True))
    except (csv.Error, UnicodeDecodeError, LookupError) as error:
        raise ServiceError(f"Source file is not a valid CSV file: {error}") from error
    if not rows:
        raise ServiceError("Source file has no rows.")
    names = [name for name in rows[0] if name]
    numeric = {name for name in names if all(_number(row[name]) is not None for row in rows if row[name])}
    geometry = columns.geometry or next((name for name in _SHAPES if name in names), None)
    if geometry is not None and geometry not in names:
        raise ServiceError(f"Source file has no column '{geometry}'.")
    for row in rows:
        properties = {name: _number(row[name]) if name in numeric else row[name] for name in names if row[name]}
        shape = _point(row, columns, names) if geometry is None else _shape(row[geometry])
        properties.pop(geometry or "", None)
        yield Feature(None if shape is None else _geometry(shape, crs), properties)


def _point(row: Mapping[str, str], columns: Columns, names: Sequence[str]) -> BaseGeometry | None:
    if not {columns.x, columns.y} <= {*names}:
        return None
    x, y = _number(row[columns.x] or ""), _number(row[columns.y] or "")
    return None if x is None or y is None else shapely.Point(x, y)


def _shape(cell: str | None) -> BaseGeometry | None:
    if not cell:
        return None
    try:
        return shapely.geometry.shape(json.loads(cell)) if cell.lstrip().startswith("{") else shapely.from_wkt(cell)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.GEOSException) as error:
        raise ServiceError(f"Source file has a geometry that cannot be read: {cell[:100]!r}") from error


def _geometry(shape: BaseGeometry, crs: str) -> Geometry:
    geometry = Geometry(shape, crs)
    return geometry if crs == WGS84 else Geometry(geometry.to(WGS84))


def _number(cell: str) -> float | int | None:
    """A cell's number; whole ones without a point are ints."""
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
