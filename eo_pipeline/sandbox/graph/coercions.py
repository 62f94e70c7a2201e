"""From what came to what a published type asks for. What does not belong here: defaults and missing arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import (
    Collection,
    Element,
    feature_collection,
    geometry_of,
    image_collection,
)
from eo_pipeline.sandbox.graph.comparing import bounded
from eo_pipeline.sandbox.graph.constants import constant_image, unique_names
from eo_pipeline.sandbox.graph.crs import parse_crs
from eo_pipeline.sandbox.graph.dates import parse_date
from eo_pipeline.sandbox.graph.filters import Filter
from eo_pipeline.sandbox.graph.geometry import WGS84, Geometry
from eo_pipeline.sandbox.graph.grids import DEFAULT_PROJECTION, Projection, Transform
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.joining import Join
from eo_pipeline.sandbox.graph.kernels import Kernel
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.graph.reducers import Reducer
from eo_pipeline.sandbox.graph.values import Array, Date, DateRange, Feature, Function

_LONG = 2**63

Coercion = Callable[[object], object]


class MismatchError(ServiceError):
    """A value cannot become what was asked for; whoever knows the argument and the function says so instead."""

    def __init__(self, message: str = "Invalid type.") -> None:
        super().__init__(message)


def coerce(value: object, published: str) -> object:
    """A non-null value as the published type; types without a rule pass unchanged.

    Raises:
        MismatchError: the value cannot become this type.
        ServiceError: it could, but its content is wrong (an unreadable date, an unknown CRS).
    """
    if published.startswith("List<"):
        inner = published.removeprefix("List<").removesuffix(">")
        return [_member(member, inner) for member in as_list(value)]
    if published.startswith("Dictionary<"):
        return as_dictionary(value)
    rule = _RULES.get(published)
    return value if rule is None else rule(value)


def _member(member: object, published: str) -> object:
    if member is not None:
        return coerce(member, published)
    if published in ("Object", "<any>"):
        return None
    raise MismatchError


def as_image(value: object) -> Image:
    """An image; numbers and lists of numbers become constants, collections of images a stack of all bands."""
    if isinstance(value, Image):
        return value
    if isinstance(value, int | float | Array):
        return constant_image(value)
    if isinstance(value, list) and bounded(value) and not all(isinstance(member, int | float) for member in value):
        return Image(unique_names(band for member in value for band in as_image(member).bands))
    if isinstance(value, list):
        return constant_image(value)
    raise MismatchError


def as_collection(value: object) -> Collection:
    """A collection; an element, a geometry or a list becomes a collection of features."""
    if isinstance(value, Collection):
        return value
    if isinstance(value, list):
        return feature_collection([as_element(member) for member in each(value)])
    return feature_collection([as_element(value)])


def as_images(value: object) -> Collection:
    """A collection of images; an image or a list of images becomes one."""
    if isinstance(value, Collection):
        return value
    members = value if isinstance(value, list) else [value]
    return image_collection([as_image(member) for member in members])


def as_element(value: object) -> Element | Collection:
    """An image, a feature or a collection; a geometry becomes a feature without properties."""
    if isinstance(value, Image | Feature | Collection):
        return value
    if isinstance(value, Geometry):
        return Feature(value)
    raise MismatchError


def as_feature(value: object) -> Element:
    """An image or a feature; a geometry becomes a feature without properties."""
    element = as_element(value)
    if isinstance(element, Collection):
        raise MismatchError
    return element


def as_geometry(value: object) -> Geometry:
    """A geometry, that of a feature, the footprint of an image, the union of a collection, or GeoJSON."""
    if isinstance(value, Geometry):
        return value
    if isinstance(value, Feature | Image):
        found = geometry_of(value)
        if found is None:
            raise MismatchError
        return found
    if isinstance(value, Collection):
        return union_of(value)
    if isinstance(value, Mapping) and "type" in value:
        return from_geojson(value)
    raise MismatchError


def union_of(collection: Collection) -> Geometry:
    """The union of all outlines of a collection, in EPSG:4326."""
    shapes = [outline.to(WGS84) for member in collection.members if (outline := geometry_of(member)) is not None]
    return Geometry(shapely.union_all(shapes), WGS84)


def from_geojson(body: Mapping[str, object]) -> Geometry:
    """A geometry from GeoJSON with Earth Engine's members crs and geodesic.

    Raises:
        MismatchError: it is none.
    """
    crs = body.get("crs")
    try:
        name = crs["properties"]["name"] if isinstance(crs, Mapping) else WGS84
        shape: BaseGeometry = shapely.geometry.shape(dict(bounded(body)))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, shapely.errors.ShapelyError) as error:
        raise MismatchError from error
    return Geometry(shape, str(name), bool(body.get("geodesic", name == WGS84)))


def as_number(value: object) -> int | float:
    """A number; booleans count as 0 and 1, whole numbers beyond 64 bits as floating-point ones."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int) and not -_LONG <= value < _LONG:
        return float(value)
    if isinstance(value, int | float):
        return value
    raise MismatchError


def as_integer(value: object) -> int:
    """A whole number of 64 bits; fractions are cut towards zero."""
    number = as_number(value)
    if not -_LONG <= number < _LONG:
        raise MismatchError
    return int(number)


def as_float(value: object) -> float:
    """A floating-point number."""
    return float(as_number(value))


def as_string(value: object) -> str:
    """Text."""
    if isinstance(value, str):
        return value
    raise MismatchError


def as_boolean(value: object) -> bool:
    """True or false; numbers count as true unless 0."""
    return bool(as_number(value))


def as_list(value: object) -> list[object]:
    """A list; a single text or number becomes a list of one."""
    if isinstance(value, list):
        return value
    if isinstance(value, Collection):
        return list(value.members)
    if isinstance(value, Array):
        return list(value.values.tolist())
    if isinstance(value, str | int | float | Image | PixelType):
        return [value]
    raise MismatchError


def as_dictionary(value: object) -> dict[str, object]:
    """A dictionary; of a feature or image, its properties."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Feature | Image):
        return dict(value.properties)
    raise MismatchError


def as_date(value: object) -> Date:
    """A date from a date, milliseconds since 1970, text or its published JSON."""
    if isinstance(value, Date):
        return value
    if isinstance(value, str):
        return parse_date(value)
    if isinstance(value, Mapping) and value.get("type") == "Date":
        return Date(as_integer(value.get("value")))
    return Date(as_integer(value))


def as_date_range(value: object) -> DateRange:
    """A date range; a single date becomes one millisecond."""
    if isinstance(value, DateRange):
        return value
    date = as_date(value)
    return DateRange(date, Date(date.milliseconds + 1))


def as_projection(value: object) -> Projection:
    """A projection from a projection, a CRS code or its published JSON."""
    if isinstance(value, Projection):
        return value
    if isinstance(value, str):
        parse_crs(value)
        return Projection(value, DEFAULT_PROJECTION.transform)
    if isinstance(value, Mapping) and value.get("type") == "Projection":
        code, transform = as_string(value.get("crs")), value.get("transform")
        parse_crs(code)
        return Projection(
            code, as_transform(list(DEFAULT_PROJECTION.transform if transform is None else as_list(transform)))
        )
    raise MismatchError


def as_array(value: object) -> Array:
    """An array; numbers and lists of equally long lists of numbers become one.

    Raises:
        MismatchError: lists are not equally long, or hold something else.
    """
    if isinstance(value, Array):
        return value
    try:
        found = np.array(_plain(bounded(value)))
    except ValueError as error:
        raise MismatchError from error
    if found.dtype.kind not in "iuf" and found.size:
        raise MismatchError
    return Array(found)


def _plain(value: object) -> object:
    """Numbers and lists of them as numpy takes them."""
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value.values if isinstance(value, Array) else as_number(value)


def as_transform(numbers: list[object]) -> Transform:
    """The six numbers of an affine transform.

    Raises:
        ServiceError: there are not six.
    """
    if len(numbers) != 6:
        raise ServiceError(f"Projection: The CRS transform must have 6 elements, got {len(numbers)}.")
    a, b, c, d, e, f = (as_float(number) for number in numbers)
    return (a, b, c, d, e, f)


def as_pixel_type(value: object) -> PixelType:
    """A pixel type, or the one a client gets as JSON."""
    if isinstance(value, PixelType):
        return value
    if isinstance(value, Mapping):
        precision = str(value.get("precision", "double"))
        if precision in ("int", "float", "double"):
            low, high = value.get("min"), value.get("max")
            return PixelType(
                precision,  # type: ignore[arg-type]  # the line above leaves only the three literals
                None if low is None else as_number(low),
                None if high is None else as_number(high),
            )
    raise MismatchError


def _only(kind: type) -> Coercion:
    """A rule that lets one class through."""

    def rule(value: object) -> object:
        if isinstance(value, kind):
            return value
        raise MismatchError

    return rule


_RULES: Mapping[str, Coercion] = {
    "Image<unknown bands>": as_image,
    "ImageCollection": as_images,
    "FeatureCollection": as_collection,
    "Element": as_element,
    "Feature": as_feature,
    "Geometry": as_geometry,
    "Number": as_number,
    "Float": as_float,
    "Integer": as_integer,
    "Long": as_integer,
    "Boolean": as_boolean,
    "String": as_string,
    "Date": as_date,
    "DateRange": as_date_range,
    "Projection": as_projection,
    "PixelType": as_pixel_type,
    "Reducer": _only(Reducer),
    "Filter": _only(Filter),
    "Algorithm": _only(Function),
    "Kernel": _only(Kernel),
    "Join": _only(Join),
    "Array": as_array,
}
