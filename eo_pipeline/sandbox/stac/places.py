"""Where scenes and bands are, as items write it. What does not belong here: other properties."""

from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import BandSource, ImageRecord

_DIGITS = 6
"""Decimals of degrees."""


def outline(footprint: BaseGeometry) -> dict[str, Any]:
    """The GeoJSON geometry and `bbox` of a footprint, EPSG:4326, rounded to some centimetres."""
    rounded = shapely.set_precision(footprint, 10**-_DIGITS)
    return {"geometry": shapely.geometry.mapping(rounded), "bbox": _bbox(rounded)}


def crs_of(record: ImageRecord) -> str:
    """The CRS of an image's first band."""
    return next(iter(record.bands.values())).projection.crs


def shape_and_transform(source: BandSource) -> dict[str, object]:
    """`proj:shape` (rows, columns) and `proj:transform` of a band."""
    width, height = source.dimensions or (0, 0)
    return {"proj:shape": [height, width], "proj:transform": list(source.projection.transform)}


def centroid(footprint: BaseGeometry) -> dict[str, float]:
    """The middle of an outline; of its largest part, if it is cut at the antimeridian."""
    middle = max(shapely.get_parts(footprint), key=lambda part: part.area).centroid
    return {"lat": round(middle.y, 5), "lon": round(middle.x, 5)}


def _bbox(footprint: BaseGeometry) -> list[float]:
    """West, south, east, north; west is greater than east across the antimeridian (RFC 7946)."""
    west, south, east, north = (round(value, _DIGITS) for value in footprint.bounds)
    boxes = [part.bounds for part in shapely.get_parts(footprint)]
    if west == -180 and east == 180 and len(boxes) > 1:
        west = round(min(box[0] for box in boxes if box[2] == 180), _DIGITS)
        east = round(max(box[2] for box in boxes if box[0] == -180), _DIGITS)
    return [west, south, east, north]
