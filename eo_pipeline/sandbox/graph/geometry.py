"""Shapes with their CRS. What does not belong here: pixels and attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.crs import transformer

WGS84 = "EPSG:4326"

_PIECES = 32
"""An edge is cut into this many pieces of the shape's longer side before it changes its CRS."""


@dataclass(frozen=True)
class Geometry:
    """A shape in a CRS.

    Attributes:
        shape: coordinates x before y, in units of the CRS.
        crs: authority code or WKT.
        geodesic: True if edges are shortest paths on the Earth, False if straight in the CRS.
    """

    shape: BaseGeometry
    crs: str = WGS84
    geodesic: bool = False

    def __post_init__(self) -> None:
        """Refuse coordinates that are no numbers.

        Raises:
            ServiceError: one is NaN or infinite.
        """
        if self.shape is None or not np.isfinite(shapely.get_coordinates(self.shape)).all():
            raise ServiceError("Invalid geometry: coordinates must be finite numbers.")

    def to(self, crs: str) -> BaseGeometry:
        """The shape in another CRS; long edges are cut so that they follow their curve."""
        if crs == self.crs or self.shape.is_empty:
            return self.shape
        return reprojected(self.shape, self.crs, crs)

    def published(self) -> dict[str, object]:
        """The GeoJSON a client gets; a crs member appears only for other systems than EPSG:4326."""
        return _geojson(self)


def reprojected(shape: BaseGeometry, source: str, target: str) -> BaseGeometry:
    """A shape in another CRS, its long edges cut into pieces first."""
    west, south, east, north = shape.bounds
    longest = max(east - west, north - south) / _PIECES
    dense = shapely.segmentize(shape, longest) if longest > 0 else shape
    operation = transformer(source, target)

    def move(points: np.ndarray) -> np.ndarray:
        return np.column_stack(operation.transform(points[:, 0], points[:, 1]))

    moved = shapely.transform(dense, move)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise ServiceError(f"Unable to transform geometry into requested projection '{target}'.")
    return moved


def _geojson(geometry: Geometry) -> dict[str, object]:
    body = _lists(shapely.geometry.mapping(geometry.shape))
    if not isinstance(body, dict):
        raise TypeError(f"expected a GeoJSON mapping of {geometry.shape.geom_type}, got {type(body).__name__}")
    if geometry.crs != WGS84:
        body["crs"] = {"type": "name", "properties": {"name": geometry.crs}}
    body["geodesic"] = geometry.geodesic
    return body


def _lists(value: object) -> object:
    if isinstance(value, dict):
        return {key: _lists(member) for key, member in value.items()}
    if isinstance(value, tuple | list):
        return [_lists(member) for member in value]
    return value
