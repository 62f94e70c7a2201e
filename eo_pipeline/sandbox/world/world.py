"""The procedural world as a catalog. What does not belong here: how pixels are made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo
from eo_pipeline.sandbox.catalog.fields import milliseconds
from eo_pipeline.sandbox.catalog.time_patterns import after
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.world.coast import load_coast
from eo_pipeline.sandbox.world.countries import load_countries
from eo_pipeline.sandbox.world.global_bands import (
    HEIGHT_TYPE,
    TEMPERATURE_TYPE,
    GlobalBand,
    Heights,
    MonthlyTemperature,
)
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.scenes import SceneCollection, cloud_score, surface_reflectance
from eo_pipeline.sandbox.world.seasons import EPOCH
from eo_pipeline.sandbox.world.tiles import tile_of, wrapped

CLIMATE, HEIGHTS = "ECMWF/ERA5_LAND/MONTHLY_AGGR", "USGS/SRTMGL1_003"
COUNTRIES = "FAO/GAUL/2015/level0"

_FIRST_MONTH = dt.datetime(1950, 2, 1, tzinfo=dt.UTC)
_HEIGHTS_TIMES = (950227200000, 951177600000)
_TENTH, _ARC_SECOND = 0.1, 1 / 3600


@dataclass(frozen=True)
class ProceduralWorld:
    """Endless deterministic collections (docs/sandbox_world.md), see Catalog.

    Attributes:
        scenery: the world they show.
        scenes: the Sentinel-2 collections by id.
        countries: the table of countries.
    """

    scenery: Scenery
    scenes: Mapping[str, SceneCollection]
    countries: tuple[Feature, ...]

    def asset(self, asset_id: str) -> AssetInfo | None:
        """See Catalog.asset."""
        if asset_id in self.scenes or asset_id == CLIMATE:
            return AssetInfo(
                asset_id, "IMAGE_COLLECTION", {"title": f"{asset_id} of the procedural world"}, endless=True
            )
        if asset_id == COUNTRIES:
            return AssetInfo(asset_id, "TABLE", {"title": "Countries of the procedural world"})
        record = self.image(asset_id)
        return None if record is None else AssetInfo(asset_id, "IMAGE", record.properties)

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """See Catalog.images; without an end the scenes never end, and the months go on to the year 9999."""
        if collection_id in self.scenes:
            yield from self.scenes[collection_id].images(start_ms, end_ms, region)
        elif collection_id == CLIMATE:
            yield from _months(self.scenery, start_ms, end_ms)

    def table(self, table_id: str) -> Sequence[Feature] | None:
        """See Catalog.table."""
        return self.countries if table_id == COUNTRIES else None

    def area(self, collection_id: str, values: Mapping[str, object]) -> BaseGeometry | None:
        """See Catalog.area; known for the scenes of an MGRS_TILE."""
        name = values.get("MGRS_TILE")
        if collection_id not in self.scenes or not isinstance(name, str):
            return None
        tile = tile_of(name)
        return shapely.Polygon() if tile is None else wrapped(tile.outline)

    def image(self, image_id: str) -> ImageRecord | None:
        """See Catalog.image."""
        if image_id == HEIGHTS:
            return _heights(self.scenery)
        collection_id, _, index = image_id.rpartition("/")
        if collection_id in self.scenes:
            return self.scenes[collection_id].image(index)
        return _month(self.scenery, index) if collection_id == CLIMATE else None

    def asset_ids(self) -> tuple[str, ...]:
        """See Listing."""
        return (*self.scenes, CLIMATE, HEIGHTS, COUNTRIES)


def build_world() -> ProceduralWorld:
    """The world on the coastline that comes with the package; its caches are its own."""
    scenery = Scenery(load_coast())
    make: list[Callable[[Scenery], SceneCollection]] = [surface_reflectance, cloud_score]
    collections = [collection(scenery) for collection in make]
    return ProceduralWorld(scenery, {collection.id: collection for collection in collections}, load_countries())


def _months(scenery: Scenery, start_ms: int | None, end_ms: int | None) -> Iterator[ImageRecord]:
    month = _FIRST_MONTH
    if start_ms is not None and start_ms > milliseconds(month):
        start = EPOCH + dt.timedelta(milliseconds=start_ms)
        month = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        month = month if month >= start else after(month, "month")
    while month.year < 9999 and (end_ms is None or milliseconds(month) < end_ms):
        yield _temperature(scenery, month)
        month = after(month, "month")


def _month(scenery: Scenery, index: str) -> ImageRecord | None:
    if len(index) != 6 or not index.isdecimal() or not 1 <= int(index[4:]) <= 12 or int(index[:4]) < 1:
        return None
    month = dt.datetime(int(index[:4]), int(index[4:]), 1, tzinfo=dt.UTC)
    return _temperature(scenery, month) if month >= _FIRST_MONTH else None


def _temperature(scenery: Scenery, month: dt.datetime) -> ImageRecord:
    start, end = milliseconds(month), milliseconds(after(month, "month"))
    lattice = Projection("EPSG:4326", (_TENTH, 0.0, -180.05, 0.0, -_TENTH, 90.05))
    band = GlobalBand(scenery, MonthlyTemperature(month), TEMPERATURE_TYPE, lattice, (3601, 1801))
    index = f"{month:%Y%m}"
    properties = {
        "system:index": index,
        "system:time_start": start,
        "system:time_end": end,
        "year": month.year,
        "month": month.month,
        "system:version": start * 1000,
    }
    globe = shapely.box(-180, -90, 180, 90)
    return ImageRecord(f"{CLIMATE}/{index}", properties, globe, start * 1000, {"temperature_2m": band})


def _heights(scenery: Scenery) -> ImageRecord:
    start, end = _HEIGHTS_TIMES
    half = _ARC_SECOND / 2
    lattice = Projection("EPSG:4326", (_ARC_SECOND, 0.0, -180 - half, 0.0, -_ARC_SECOND, 60 + half))
    band = GlobalBand(scenery, Heights(), HEIGHT_TYPE, lattice, (1_296_001, 417_601))
    properties = {
        "system:index": "SRTMGL1_003",
        "system:time_start": start,
        "system:time_end": end,
        "system:version": start * 1000,
        "title": "Heights of the procedural world",
    }
    return ImageRecord(HEIGHTS, properties, shapely.box(-180, -56, 180, 60), start * 1000, {"elevation": band})
