"""Values to the JSON a client gets. What does not belong here: pixels, which travel as files."""

from __future__ import annotations

import math
from itertools import islice
from typing import Protocol, runtime_checkable

import numpy as np

from eo_pipeline.sandbox.graph.collections import ELEMENT_LIMIT, Collection, too_many
from eo_pipeline.sandbox.graph.comparing import bounded
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.limits import proceed
from eo_pipeline.sandbox.graph.values import Array, Feature

_EXACT = 2.0**53
"""Up to here every whole double is exact, and travels as an integer."""


@runtime_checkable
class Published(Protocol):
    """A value that knows its JSON."""

    def published(self) -> dict[str, object]:
        """The JSON a client gets."""
        ...


def encode(value: object) -> object:
    """A value of the graph as JSON; whole floats travel as integers.

    Raises:
        ServiceError: it is larger than `LARGEST_VALUE`, or a collection has too many elements.
    """
    return _encoded(bounded(value))


def _encoded(value: object) -> object:
    proceed()
    if isinstance(value, Image | Feature | Collection):
        return _element(value)
    if isinstance(value, Array):
        return encode(value.values.tolist())
    if isinstance(value, Published):
        return encode(value.published())
    if isinstance(value, dict):
        return {str(key): _encoded(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(member) for member in value]
    return _scalar(value)


def _element(element: Image | Feature | Collection) -> dict[str, object]:
    if isinstance(element, Image):
        return _image(element)
    return _feature(element) if isinstance(element, Feature) else _collection(element)


def _scalar(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isfinite(value) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return value


def _image(image: Image) -> dict[str, object]:
    body: dict[str, object] = {"type": "Image", "bands": [_band(band, image.grid) for band in image.bands]}
    if image.id is not None:
        body |= {"id": image.id, "version": image.version}
    properties = dict(image.properties)
    if image.footprint is not None and "system:footprint" not in properties:
        properties["system:footprint"] = image.footprint
    if properties:
        body["properties"] = encode(properties)
    return body


def _band(band: Band, nailed: Grid | None) -> dict[str, object]:
    projection = band.projection if nailed is None else nailed.projection
    dimensions = band.dimensions if nailed is None else (nailed.width, nailed.height)
    body: dict[str, object] = {
        "id": band.id,
        "data_type": encode(band.pixel_type.published()),
        "crs": projection.crs,
        "crs_transform": encode(projection.transform),
    }
    if dimensions is not None:
        body["dimensions"] = list(dimensions)
    return body


def _feature(feature: Feature) -> dict[str, object]:
    properties = {key: encode(value) for key, value in feature.properties.items() if key != "system:index"}
    body: dict[str, object] = {"type": "Feature", "geometry": encode(feature.geometry), "properties": properties}
    if "system:index" in feature.properties:
        body["id"] = feature.properties["system:index"]
    return body


def _collection(collection: Collection) -> dict[str, object]:
    if next(islice(collection.stream(), ELEMENT_LIMIT, None), None) is not None:
        raise too_many(ELEMENT_LIMIT)
    images = collection.kind == "Image" and not any(isinstance(member, Feature) for member in collection.members)
    body: dict[str, object] = {"type": "ImageCollection" if images else "FeatureCollection"}
    if collection.id is not None:
        body |= {"id": collection.id, "version": collection.version}
    if images:
        body["bands"] = []
    else:
        body["columns"] = _columns(collection)
    if collection.properties:
        body["properties"] = encode(dict(collection.properties))
    body["features"] = [encode(member) for member in collection.members]
    return body


def _columns(collection: Collection) -> dict[str, object]:
    """Names and types of the first feature's properties."""
    first = collection.members[0] if collection.members else None
    if not isinstance(first, Feature):
        return {}
    return {key: _column_type(value) for key, value in sorted(first.properties.items())}


def _column_type(value: object) -> str:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int | float):
        return "Number"
    return "String" if isinstance(value, str) else "Object"
