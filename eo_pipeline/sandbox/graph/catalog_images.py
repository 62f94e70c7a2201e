"""Collections of a catalog, filtered before their images are made. What does not belong here: what filters mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce

from eo_pipeline.sandbox.graph.catalogs import Catalog
from eo_pipeline.sandbox.graph.collections import Collection, Derived, Element
from eo_pipeline.sandbox.graph.filters import Filter, Hint
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.sources import catalog_image


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

    def __iter__(self) -> Iterator[Element | Collection]:
        hint = reduce(Hint.narrowed, (one.hint for one in self.filters), Hint())
        records = self.catalog.images(self.collection_id, start_ms=hint.start, end_ms=hint.end, region=hint.region)
        return (image for image in map(catalog_image, records) if self._passes(image))

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
    return replace(collection, source=Derived(lambda: filter(condition.passes, collection.stream_elements())))


def image_with(collection: Collection, name: str, value: object) -> Image | None:
    """An image of a collection whose property has this value; asked of the catalog by name where that is possible."""
    if value is None:
        return None
    if isinstance(collection.source, CatalogImages) and name == "system:index":
        return collection.source.find(str(value))
    return next((image for image in collection.images if image.properties.get(name) == value), None)
