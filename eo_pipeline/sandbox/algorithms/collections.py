"""Collections: loading, filtering, mapping, ordering, joining together. What does not belong here: reducing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from eo_pipeline.sandbox.algorithms.filter_text import parse_filter
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.catalog_images import CatalogImages, filtered
from eo_pipeline.sandbox.graph.coercions import MismatchError, as_element, union_of
from eo_pipeline.sandbox.graph.collections import (
    Collection,
    Derived,
    Element,
    feature_collection,
    image_collection,
)
from eo_pipeline.sandbox.graph.comparing import bounded, same, text_of
from eo_pipeline.sandbox.graph.evaluate import Context
from eo_pipeline.sandbox.graph.filters import Filter
from eo_pipeline.sandbox.graph.geometry import Geometry
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.properties import property_of, sort_key
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.values import Feature, Function

FAMILY = Family()


@FAMILY.algorithm("ImageCollection.load")
def load(id_: str, context: Context) -> Collection:
    """The catalog's collection of an id."""
    asset = context.catalog.asset(id_)
    if asset is None or asset.type != "IMAGE_COLLECTION":
        raise ServiceError(
            f"ImageCollection.load: ImageCollection asset '{id_}' not found "
            "(does not exist or caller does not have access).",
            404,
            "NOT_FOUND",
        )
    return Collection(CatalogImages(context.catalog, id_), "Image", dict(asset.properties), id_, 1)


@FAMILY.algorithm("Collection.loadTable")
def load_table(table_id: str, context: Context) -> Collection:
    """The catalog's table of an id."""
    asset, features = context.catalog.asset(table_id), context.catalog.table(table_id)
    if asset is None or features is None:
        raise ServiceError(
            f"Collection.loadTable: Collection asset '{table_id}' not found "
            "(does not exist or caller does not have access).",
            404,
            "NOT_FOUND",
        )
    return Collection(Derived(lambda: iter(features), endless=False), "Feature", dict(asset.properties), table_id, 1)


@FAMILY.algorithm("ImageCollection.fromImages")
def from_images(images: list[Image]) -> Collection:
    """A collection of images."""
    return image_collection(images)


@FAMILY.algorithm("Collection")
def from_features(features: list[Element]) -> Collection:
    """A collection of features; of images, if all elements are."""
    if features and all(isinstance(feature, Image) for feature in features):
        return image_collection([feature for feature in features if isinstance(feature, Image)])
    return feature_collection(features)


@FAMILY.algorithm("Collection.filter")
def filter_(collection: Collection, filter_: object) -> Collection:
    """The elements that pass a filter, or an expression of one such as "CLOUD_COVER < 20"."""
    if isinstance(filter_, str):
        filter_ = parse_filter(filter_)
    if not isinstance(filter_, Filter):
        raise ServiceError(f"Collection.filter: Expected a Filter, got {type(filter_).__name__}.")
    return filtered(collection, filter_)


@FAMILY.algorithm("Collection.map")
def map_(collection: Collection, base_algorithm: Function, drop_nulls: bool) -> Collection:
    """A function of each element; every result keeps its element's system:index."""

    def make() -> Iterator[Element | Collection]:
        for member in collection.stream():
            result = base_algorithm(member)
            if result is None and drop_nulls:
                continue
            yield _mapped(result, member)

    return collection.of(Derived(make, collection.source.endless))


def _mapped(result: object, member: Element | Collection) -> Element | Collection:
    try:
        element = as_element(result)
    except MismatchError as error:
        raise ServiceError(
            f"Collection.map: A mapped algorithm must return a Feature or Image, got {type(result).__name__}."
        ) from error
    index = member.properties.get("system:index")
    if isinstance(element, Collection) or index is None:
        return element
    return element.with_properties({**element.properties, "system:index": index})


@FAMILY.algorithm("Collection.iterate")
def iterate(collection: Collection, function: Function, first: object) -> object:
    """A function of each element and the last result, starting from `first`."""
    result = first
    for member in collection.members:
        result = function(member, result)
    return result


@FAMILY.algorithm("Collection.first")
def first(collection: Collection) -> Element | Collection | None:
    """The first element; null if there is none."""
    return collection.first()


@FAMILY.algorithm("Collection.size")
def size(collection: Collection) -> int:
    """How many elements there are."""
    return len(collection.members)


@FAMILY.algorithm("Collection.limit")
def limit(collection: Collection, limit: int | None, key: str | None, ascending: bool) -> Collection:
    """The first elements, after ordering by a property if one is named; elements without it come last."""

    def make() -> Iterator[Element | Collection]:
        ordered = collection.stream() if key is None else iter(_sorted(collection, key, ascending=ascending))
        return islice(ordered, limit)

    return replace(collection, source=Derived(make))


def _sorted(collection: Collection, key: str, *, ascending: bool) -> list[Element | Collection]:
    present = [member for member in collection.members if property_of(member, key) is not None]
    missing = [member for member in collection.members if property_of(member, key) is None]
    return sorted(present, key=lambda m: sort_key(property_of(m, key)), reverse=not ascending) + missing


@FAMILY.algorithm("Collection.toList")
def to_list(collection: Collection, count: int, offset: int) -> list[Element | Collection]:
    """At most `count` elements after the first `offset`."""
    return list(islice(collection.stream(), offset, offset + count))


@FAMILY.algorithm("ImageCollection.merge", "Collection.merge")
def merge(collection1: Collection, collection2: Collection) -> Collection:
    """The elements of both; 1_ and 2_ before their system:index keep it unique."""

    def make() -> Iterator[Element | Collection]:
        for prefix, collection in (("1_", collection1), ("2_", collection2)):
            for member in collection.stream_elements():
                index = f"{prefix}{member.properties.get('system:index', '')}"
                yield member.with_properties({**member.properties, "system:index": index})

    return collection1.of(Derived(make, collection1.source.endless or collection2.source.endless))


@FAMILY.algorithm("Collection.flatten")
def flatten(collection: Collection) -> Collection:
    """The elements of collections as one; the outer system:index and _ go before the inner one."""

    def make() -> Iterator[Element | Collection]:
        for outer in collection.stream():
            inner = outer.features if isinstance(outer, Collection) else [outer]
            for member in inner:
                yield _joined_index(outer, member)

    return replace(collection, source=Derived(make, collection.source.endless), kind="Feature")


def _joined_index(outer: Element | Collection, inner: Element) -> Element:
    if outer is inner or "system:index" not in outer.properties:
        return inner
    index = f"{outer.properties['system:index']}_{inner.properties.get('system:index', '')}"
    return inner.with_properties({**inner.properties, "system:index": index})


@FAMILY.algorithm("Collection.distinct")
def distinct(collection: Collection, properties: object) -> Collection:
    """The first element of each combination of properties."""
    names = [text_of(name) for name in properties] if isinstance(properties, list) else [text_of(properties)]

    def make() -> Iterator[Element]:
        seen: set[str] = set()
        for member in collection.stream_elements():
            identity = repr(bounded([property_of(member, name) for name in names]))
            if identity not in seen:
                seen.add(identity)
                yield member

    return replace(collection, source=Derived(make, collection.source.endless))


@FAMILY.algorithm("Collection.geometry")
def geometry(collection: Collection) -> Geometry:
    """The union of all outlines, in EPSG:4326."""
    return union_of(collection)


@FAMILY.algorithm("Collection.union")
def union(collection: Collection) -> Collection:
    """One feature with the union of all outlines."""
    return feature_collection([Feature(union_of(collection))])


@FAMILY.algorithm("Collection.remap")
def remap(collection: Collection, lookup_in: list[object], lookup_out: list[int], column_name: str) -> Collection:
    """A property replaced by a table; elements without an entry are left out."""
    table = list(zip(lookup_in, lookup_out, strict=True))

    def make() -> Iterator[Element]:
        for member in collection.stream_elements():
            found = [new for old, new in each(table) if same(old, property_of(member, column_name))]
            if found:
                yield member.with_properties({**member.properties, column_name: found[0]})

    return replace(collection, source=Derived(make, collection.source.endless))
