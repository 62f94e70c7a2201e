"""Collections of a catalog, filtered before their images are made. What does not belong here: what filters mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.catalogs import Catalog
from eo_pipeline.sandbox.graph.collections import Collection, Derived, Element
from eo_pipeline.sandbox.graph.filters import Filter, Hint, narrower
from eo_pipeline.sandbox.graph.images import Image, ImageRecord
from eo_pipeline.sandbox.graph.limits import proceed, timed_out
from eo_pipeline.sandbox.graph.sources import catalog_image

SCAN_LIMIT = 20_000
"""Images that are looked at, one after the other, before the request counts as too long."""


@dataclass(frozen=True)
class CatalogImages:
    """The images of an asset that pass filters; date and region are the catalog's business, the rest is checked here.

    Attributes:
        catalog: where they come from.
        collection_id: which asset.
        filters: all have to pass.
    """

    catalog: Catalog
    collection_id: str
    filters: tuple[Filter, ...] = ()

    @property
    def endless(self) -> bool:
        """True if the asset never ends, no filter ends it, and there is anything at all."""
        asset = self.catalog.asset(self.collection_id)
        if asset is None or not asset.endless or self._hint.end is not None or "system:index" in self._hint.values:
            return False
        return next(self._records(), None) is not None

    def __iter__(self) -> Iterator[Element | Collection]:
        for count, image in enumerate(map(catalog_image, self._records()), start=1):
            proceed()
            if count > SCAN_LIMIT:
                raise timed_out()
            if self._passes(image):
                yield image

    @cached_property
    def _hint(self) -> Hint:
        return reduce(Hint.narrowed, (one.hint for one in self.filters), Hint())

    def _records(self) -> Iterator[ImageRecord]:
        """What the catalog finds within the bounds of all filters."""
        hint = self._hint
        index = hint.values.get("system:index")
        if isinstance(index, str):
            found = self.catalog.image(f"{self.collection_id}/{index}")
            return iter([] if found is None else [found])
        region = narrower(hint.region, self._place(hint))
        return self.catalog.images(self.collection_id, start_ms=hint.start, end_ms=hint.end, region=region)

    def _place(self, hint: Hint) -> BaseGeometry | None:
        """Where images of some values, or of one of several alternatives, lie; None if nobody knows."""
        if hint.values:
            return self.catalog.area(self.collection_id, hint.values)
        places = [self._alternative(one) for one in hint.either]
        known = [place for place in places if place is not None]
        return shapely.union_all(known) if known and len(known) == len(places) else None

    def _alternative(self, hint: Hint) -> BaseGeometry | None:
        index = hint.values.get("system:index")
        if not isinstance(index, str):
            return narrower(hint.region, self._place(hint))
        found = self.catalog.image(f"{self.collection_id}/{index}")
        return shapely.Polygon() if found is None else found.footprint

    def find(self, index: str) -> Image | None:
        """The image of a system:index, if it is there and passes."""
        record = self.catalog.image(f"{self.collection_id}/{index}")
        image = None if record is None else catalog_image(record)
        return image if image is not None and self._passes(image) else None

    def _passes(self, image: Image) -> bool:
        return all(one.passes(image) for one in self.filters)


def filtered(collection: Collection, condition: Filter) -> Collection:
    """The elements that pass, in order; an asset's collection stays one, with its id."""
    source = collection.source
    if isinstance(source, CatalogImages):
        return replace(collection, source=replace(source, filters=(*source.filters, condition)))
    return replace(collection, source=_passing(collection, condition))


def _passing(collection: Collection, condition: Filter) -> Derived:
    return Derived(lambda: filter(condition.passes, collection.stream_elements()), collection.source.endless)


def image_with(collection: Collection, name: str, value: object) -> Image | None:
    """An image of a collection whose property has this value; asked of the catalog by name where that is possible."""
    if value is None:
        return None
    if isinstance(collection.source, CatalogImages) and name == "system:index":
        return collection.source.find(str(value))
    return next((image for image in collection.images if image.properties.get(name) == value), None)
