"""What the sandbox asks of any source of assets, and how several sources act as one. Not here: reading files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature

AssetType = Literal["IMAGE", "IMAGE_COLLECTION", "TABLE", "FOLDER"]


@dataclass(frozen=True)
class AssetInfo:
    """What is known of an asset without opening it.

    Attributes:
        id: Earth Engine asset id, for example COPERNICUS/S2_SR_HARMONIZED.
        type: kind of asset, in the service's words.
        properties: the asset's own properties (not those of the images in it).
        endless: True for a collection whose images go on for ever unless an end of time is given.
        version: instant of the last change, microseconds since 1970, or None if there is none to tell.
    """

    id: str
    type: AssetType
    properties: Mapping[str, object] = field(default_factory=dict)
    endless: bool = False
    version: int | None = None


class Catalog(Protocol):
    """A source of assets."""

    def asset(self, asset_id: str) -> AssetInfo | None:
        """The asset of this id, or None if this catalog does not hold it."""
        ...

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """Images of a collection, lazily, sorted by time, then id; nothing for an unknown collection.

        Args:
            collection_id: id of the collection.
            start_ms: earliest system:time_start, milliseconds since 1970, included; None for no limit.
            end_ms: end of system:time_start, excluded; None for no limit (a collection may be endless).
            region: only images whose footprint meets this geometry, EPSG:4326; None for the whole world.
        """
        ...

    def table(self, table_id: str) -> Sequence[Feature] | None:
        """The features of a table, each with a system:index; None if there is no such table."""
        ...

    def area(self, collection_id: str, values: Mapping[str, object]) -> BaseGeometry | None:
        """Where the images with some property values lie, so that fewer of them need to be looked at.

        Args:
            collection_id: id of the collection.
            values: values that the images must have, by property.

        Returns:
            A geometry of EPSG:4326 that meets all their footprints; None if it cannot be told from the values.
        """
        ...

    def image(self, image_id: str) -> ImageRecord | None:
        """The image of this full id, alone or in a collection, or None."""
        ...


@runtime_checkable
class Listing(Protocol):
    """A source of assets that can name them: whoever publishes collections asks for it."""

    def asset_ids(self) -> tuple[str, ...]:
        """Ids of all collections, tables, and images that are in no collection."""
        ...


@runtime_checkable
class NewestFirst(Protocol):
    """A source of assets that finds the newest images of a collection without looking at the others."""

    def newest(
        self, collection_id: str, *, start_ms: int | None, end_ms: int, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """What Catalog.images finds, lazily, in the opposite order."""
        ...


def newest_first(
    catalog: Catalog, collection_id: str, *, start_ms: int | None, end_ms: int, region: BaseGeometry | None
) -> Iterator[ImageRecord]:
    """The images of a collection by falling time, then id; see Catalog.images."""
    if isinstance(catalog, NewestFirst):
        return catalog.newest(collection_id, start_ms=start_ms, end_ms=end_ms, region=region)
    return reversed(list(catalog.images(collection_id, start_ms=start_ms, end_ms=end_ms, region=region)))


def asset_ids(catalog: Catalog) -> tuple[str, ...]:
    """The ids that a catalog names; none if it cannot."""
    return catalog.asset_ids() if isinstance(catalog, Listing) else ()


@dataclass(frozen=True)
class CompositeCatalog:
    """Several catalogs as one: an asset belongs to the first catalog that knows it.

    A collection known to several is taken from the first one only, so that a file catalog replaces what the
    procedural world would make up.

    Attributes:
        catalogs: in order of precedence.
    """

    catalogs: Sequence[Catalog]

    def asset(self, asset_id: str) -> AssetInfo | None:
        """What the catalog says that owns its collection, else the first that knows it."""
        owner = self._holder(asset_id)
        return None if owner is None else owner.asset(asset_id)

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """Images of the collection in the catalog that owns it."""
        owner = self._owner(collection_id)
        if owner is not None:
            yield from owner.images(collection_id, start_ms=start_ms, end_ms=end_ms, region=region)

    def newest(
        self, collection_id: str, *, start_ms: int | None, end_ms: int, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """See NewestFirst."""
        owner = self._owner(collection_id)
        if owner is None:
            return iter(())
        return newest_first(owner, collection_id, start_ms=start_ms, end_ms=end_ms, region=region)

    def table(self, table_id: str) -> Sequence[Feature] | None:
        """The table in the catalog that owns it."""
        owner = self._owner(table_id)
        return None if owner is None else owner.table(table_id)

    def area(self, collection_id: str, values: Mapping[str, object]) -> BaseGeometry | None:
        """What the catalog that owns the collection can tell."""
        owner = self._owner(collection_id)
        return None if owner is None else owner.area(collection_id, values)

    def image(self, image_id: str) -> ImageRecord | None:
        """The image in the catalog that owns its collection, or else that holds it alone."""
        owner = self._holder(image_id)
        return None if owner is None else owner.image(image_id)

    def asset_ids(self) -> tuple[str, ...]:
        """See Listing; ids that several catalogs name come once."""
        return tuple(dict.fromkeys(asset_id for catalog in self.catalogs for asset_id in asset_ids(catalog)))

    def _holder(self, asset_id: str) -> Catalog | None:
        """The catalog that owns the collection of an asset, else the asset itself."""
        collection_id = asset_id.rpartition("/")[0]
        owner = self._owner(collection_id)
        parent = None if owner is None else owner.asset(collection_id)
        return owner if parent is not None and parent.type == "IMAGE_COLLECTION" else self._owner(asset_id)

    def _owner(self, asset_id: str) -> Catalog | None:
        return next((catalog for catalog in self.catalogs if catalog.asset(asset_id) is not None), None)


def start_of(record: ImageRecord) -> int | None:
    """system:time_start in milliseconds since 1970, or None if the image has none."""
    value = record.properties.get("system:time_start")
    return int(value) if isinstance(value, int | float) else None
