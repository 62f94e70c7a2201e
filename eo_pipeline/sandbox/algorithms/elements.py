"""Properties and geometries of images and features. What does not belong here: pixels and collections."""

from __future__ import annotations

from dataclasses import replace

from eo_pipeline.sandbox.algorithms.geometries import buffered, moved
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_array, as_date, as_feature, as_number
from eo_pipeline.sandbox.graph.collections import Element, geometry_of
from eo_pipeline.sandbox.graph.comparing import text_of
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.properties import property_of
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Array, Date, Feature
from eo_pipeline.sandbox.patterns import Pattern

FAMILY = Family()

INDEX = "system:index"


@FAMILY.algorithm("Feature")
def feature(geometry: Geometry | None, metadata: dict[str, object]) -> Feature:
    """A feature of a geometry and properties."""
    return Feature(geometry, metadata)


@FAMILY.algorithm("Element.get")
def get(object_: Element, property_: str) -> object:
    """A property; null if it is not set."""
    return property_of(object_, property_)


@FAMILY.algorithm("Element.getNumber")
def get_number(object_: Element, property_: str) -> int | float | None:
    """A property that is a number."""
    value = property_of(object_, property_)
    try:
        return None if value is None else as_number(value)
    except MismatchError as error:
        raise ServiceError(f"Element.getNumber: Property '{property_}' is not a number: {value}.") from error


@FAMILY.algorithm("Element.getArray")
def get_array(object_: Element, property_: str) -> Array | None:
    """A property that is a number or nested lists of numbers, of one length at each depth."""
    value = property_of(object_, property_)
    try:
        return None if value is None else as_array(value)
    except MismatchError as error:
        raise ServiceError(f"Element.getArray: Property '{property_}' is not an array.") from error


@FAMILY.algorithm("Element.set")
def set_(object_: Element, key: str, value: object) -> Element:
    """The element with one property changed; null takes it away."""
    properties = dict(object_.properties)
    if value is None:
        properties.pop(key, None)
    else:
        properties[key] = value
    return object_.with_properties(properties)


@FAMILY.algorithm("Element.setMulti")
def set_multi(object_: Element, properties: dict[str, object]) -> Element:
    """The element with several properties changed."""
    return object_.with_properties({**object_.properties, **properties})


@FAMILY.algorithm("Element.propertyNames")
def property_names(element: Element) -> list[str]:
    """Names of the properties, sorted; an image also lists id, version and bands."""
    names = sorted(element.properties)
    if isinstance(element, Image) and element.id is not None:
        names += ["system:id", "system:version"]
    return list(dict.fromkeys(names))


@FAMILY.algorithm("Element.toDictionary")
def to_dictionary(element: Element, properties: list[str] | None) -> dict[str, object]:
    """Properties as a dictionary, all but the system's own by default."""
    names = properties if properties is not None else [n for n in element.properties if not n.startswith("system:")]
    return {name: property_of(element, name) for name in names}


@FAMILY.algorithm("Image.copyProperties")
def copy_properties(
    destination: Element | None, source: Element | None, properties: list[str] | None, exclude: list[str] | None
) -> Element:
    """The first element with properties of the second: those named, or all but the system's own."""
    if destination is None or source is None:
        raise ServiceError(
            "Element.copyProperties: Parameters 'destination' and 'source' are required and may not be null."
        )
    names = properties if properties is not None else [n for n in source.properties if not n.startswith("system:")]
    wanted = [name for name in names if name not in (exclude or [])]
    copied = {name: source.properties[name] for name in wanted if name in source.properties}
    return destination.with_properties({**destination.properties, **copied})


@FAMILY.algorithm("Image.id", "Feature.id")
def id_(element: Element) -> str | None:
    """The system:index, or the asset id of an image."""
    index = element.properties.get(INDEX)
    if index is not None:
        return text_of(index)
    return element.id if isinstance(element, Image) else None


@FAMILY.algorithm("Image.date")
def date(image: Image) -> Date:
    """The date in system:time_start."""
    moment = image.properties.get("system:time_start")
    if moment is None:
        raise ServiceError("Image.date: The image has no 'system:time_start' property.")
    return as_date(moment)


@FAMILY.algorithm("Image.geometry", "Feature.geometry", "Element.geometry")
def geometry(feature: Element, proj: Projection | None) -> Geometry | None:
    """The outline, in another projection if one is given."""
    outline = geometry_of(feature)
    return outline if outline is None or proj is None else moved(outline, proj)


@FAMILY.algorithm("Feature.setGeometry")
def set_geometry(feature: Element, geometry: Geometry | None) -> Element:
    """The feature with another geometry."""
    one = as_feature(feature)
    return replace(one, footprint=geometry) if isinstance(one, Image) else replace(one, geometry=geometry)


@FAMILY.algorithm("Feature.buffer")
def buffer(feature: Element, distance: float) -> Feature:
    """The feature, its outline grown by a distance in metres."""
    outline = geometry_of(feature)
    if outline is None:
        raise ServiceError("Feature.buffer: The feature has no geometry.")
    return Feature(buffered(outline, distance), dict(feature.properties))


@FAMILY.algorithm("Feature.select")
def select(
    input_: Element, property_selectors: list[str], new_properties: list[str] | None, retain_geometry: bool
) -> Element:
    """Properties by name or pattern, renamed if names are given; with or without the geometry."""
    patterns = [(said, Pattern(said)) for said in property_selectors]
    chosen = [name for s, like in patterns for name in input_.properties if name == s or like.full_match(name)]
    names = new_properties or chosen
    if len(names) != len(chosen):
        raise ServiceError(
            f"Feature.select: The number of new names ({len(names)}) must match the properties ({len(chosen)})."
        )
    kept = {new: input_.properties[old] for old, new in zip(chosen, names, strict=True)}
    index = {INDEX: input_.properties[INDEX]} if INDEX in input_.properties else {}
    return Feature(geometry_of(input_) if retain_geometry else None, {**index, **kept})
