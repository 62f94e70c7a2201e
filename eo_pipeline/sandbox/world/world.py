"""The procedural world as a catalog. What does not belong here: what its assets hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.world.coast import load_coast
from eo_pipeline.sandbox.world.countries import GAUL, country_tables
from eo_pipeline.sandbox.world.heights import HEIGHT_MODELS, heights
from eo_pipeline.sandbox.world.invented_tables import DISTRICTS, ECOREGIONS, district_table, ecoregion_table
from eo_pipeline.sandbox.world.land_cover import land_cover
from eo_pipeline.sandbox.world.landsat import landsat_collections
from eo_pipeline.sandbox.world.members import Member
from eo_pipeline.sandbox.world.modis import modis_series
from eo_pipeline.sandbox.world.once import once
from eo_pipeline.sandbox.world.publishing import Present, Publishing
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.scenes import sentinel_collections
from eo_pipeline.sandbox.world.surface_model import surface_model
from eo_pipeline.sandbox.world.weather import weather_series

_END_MS = 253_370_764_800_000
"""Beginning of the year 9999, milliseconds since 1970: dates end soon after."""


@dataclass(frozen=True)
class ProceduralWorld:
    """Deterministic assets, computed where they are read (docs/sandbox_world.md), see Catalog.

    Attributes:
        scenery: the world they show.
        collections: image collections by id.
        singles: images that belong to no collection, by id.
        tables: what gives the features, by the table's id.
    """

    scenery: Scenery
    collections: Mapping[str, Member]
    singles: Mapping[str, ImageRecord]
    tables: Mapping[str, Callable[[], tuple[Feature, ...]]]

    def asset(self, asset_id: str) -> AssetInfo | None:
        """See Catalog.asset."""
        title = {"title": f"{asset_id} of the procedural world"}
        if asset_id in self.collections:
            return AssetInfo(asset_id, "IMAGE_COLLECTION", title, endless=self.collections[asset_id].endless)
        if asset_id in self.tables:
            return AssetInfo(asset_id, "TABLE", title)
        record = self.image(asset_id)
        return None if record is None else AssetInfo(asset_id, "IMAGE", record.properties)

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """See Catalog.images; without an end they go on to the year 9998."""
        end_ms = _END_MS if end_ms is None else min(end_ms, _END_MS)
        if collection_id in self.collections and (start_ms is None or start_ms < end_ms):
            yield from self.collections[collection_id].images(start_ms, end_ms, region)

    def newest(
        self, collection_id: str, *, start_ms: int | None, end_ms: int, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """See NewestFirst."""
        if collection_id in self.collections:
            yield from self.collections[collection_id].newest(start_ms, min(end_ms, _END_MS), region)

    def table(self, table_id: str) -> Sequence[Feature] | None:
        """See Catalog.table."""
        features = self.tables.get(table_id)
        return None if features is None else features()

    def area(self, collection_id: str, values: Mapping[str, object]) -> BaseGeometry | None:
        """See Catalog.area."""
        return self.collections[collection_id].area(values) if collection_id in self.collections else None

    def image(self, image_id: str) -> ImageRecord | None:
        """See Catalog.image."""
        if image_id in self.singles:
            return self.singles[image_id]
        collection_id, _, index = image_id.rpartition("/")
        return self.collections[collection_id].image(index) if collection_id in self.collections else None

    def asset_ids(self) -> tuple[str, ...]:
        """See Listing."""
        return (*self.collections, *self.singles, *self.tables)


def build_world(present: Present = Publishing) -> ProceduralWorld:
    """The world on the coastline that comes with the package; its caches are its own.

    Args:
        present: when scenes appear; by default all of them are there from the start.
    """
    scenery = Scenery(load_coast())
    make: list[Callable[[], Sequence[Member]]] = [
        lambda: sentinel_collections(scenery, present),
        lambda: landsat_collections(scenery, present),
        lambda: modis_series(scenery),
        lambda: weather_series(scenery),
        lambda: [surface_model(scenery), land_cover(scenery)],
    ]
    collections = {one.id: one for members in make for one in members()}
    singles = {model.id: heights(scenery, model) for model in HEIGHT_MODELS}
    return ProceduralWorld(scenery, collections, singles, _tables(scenery))


def _tables(scenery: Scenery) -> dict[str, Callable[[], tuple[Feature, ...]]]:
    """Countries are there at once, invented regions are made when they are first read."""
    countries = country_tables()
    ready = {table: once(partial(tuple, features)) for table, features in countries.items()}
    districts = once(partial(district_table, countries[GAUL]))
    return {**ready, DISTRICTS: districts, ECOREGIONS: once(partial(ecoregion_table, scenery.coast.land))}
