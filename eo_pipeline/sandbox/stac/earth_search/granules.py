"""Earth Engine's Sentinel-2 images as items of Earth Search. What does not belong here: how items are written."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import Catalog, newest_first, start_of
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.late_properties import LateProperties
from eo_pipeline.sandbox.stac.earth_search import items
from eo_pipeline.sandbox.stac.earth_search.bands import CLASSES_SOURCE, SOURCES
from eo_pipeline.sandbox.stac.earth_search.names import clue, folder, item_id
from eo_pipeline.sandbox.stac.earth_search.radiometry import COLLECTION_0, COLLECTION_1, Radiometry, radiometry
from eo_pipeline.sandbox.stac.instants import milliseconds, time_of
from eo_pipeline.sandbox.stac.scenes import About, BandFile, Order
from eo_pipeline.sandbox.stac.settings import CurrentSettings

SOURCE = "COPERNICUS/S2_SR_HARMONIZED"
"""The Earth Engine collection whose images are published."""

_INDEX = re.compile(r"\d{8}T\d{6}_\d{8}T\d{6}_T\d{2}[A-Z]{3}")
_UNKNOWN_BASELINE = "00.00"
_DAY_MS = 86_400_000
_START_MS = 1_435_190_400_000
"""2015-06-25, before the first image; milliseconds since 1970."""


@dataclass(frozen=True, eq=False)
class Granule:
    """An image as an item.

    Attributes:
        shelf: its collection.
        record: the image.
    """

    shelf: "EarthSearch"
    record: ImageRecord

    @property
    def collection(self) -> str:
        """Id of the collection."""
        return self.shelf.id

    @property
    def time_ms(self) -> int:
        """Sensed, milliseconds since 1970."""
        return start_of(self.record) or 0

    @property
    def time(self) -> dt.datetime:
        """Sensed, UTC."""
        return time_of(self.time_ms)

    @property
    def index(self) -> str:
        """Its system:index in Earth Engine."""
        return str(self.record.properties["system:index"])

    @property
    def tile(self) -> str:
        """MGRS tile of five characters."""
        return self.index.rpartition("_T")[2]

    @property
    def order(self) -> Order:
        """See Scene."""
        return self.time_ms, self.index, self.collection

    @cached_property
    def spacecraft(self) -> str:
        """The letter of the satellite."""
        return str(self.record.properties.get("SPACECRAFT_NAME", "Sentinel-2A"))[-1]

    @cached_property
    def sequence(self) -> int:
        """How many scenes of this spacecraft and tile came before on that day."""
        midnight = self.time_ms // _DAY_MS * _DAY_MS
        before = self.shelf.of_tile(self.tile, midnight, self.time_ms)
        return sum(granule.spacecraft == self.spacecraft for granule in before)

    @cached_property
    def id(self) -> str:
        """The item's id."""
        sequence = self.sequence if self.collection == COLLECTION_0 else 0
        return item_id(self.collection, spacecraft=self.spacecraft, tile=self.tile, time=self.time, sequence=sequence)

    @property
    def folder(self) -> str:
        """Where its files are."""
        return folder(self.collection, tile=self.tile, time=self.time, item=self.id)

    @cached_property
    def radiometry(self) -> Radiometry:
        """How its pixels mean reflectance."""
        baseline = str(self.record.properties.get("PROCESSING_BASELINE", _UNKNOWN_BASELINE))
        return radiometry(self.collection, self.id, baseline, f"{self.time:%Y-%m-%d}", self.shelf.settings())

    def properties(self) -> Mapping[str, object]:
        """See Scene; its number among the day's scenes is found out only when it is asked for."""
        known = items.properties(self.collection, self.record, tile=self.tile, time_ms=self.time_ms)
        return LateProperties(known, self._named)

    def _named(self) -> dict[str, object]:
        return {
            "platform": f"sentinel-2{self.spacecraft.lower()}",
            "s2:sequence": str(self.sequence),
            "s2:processing_baseline": self.radiometry.baseline,
            "earthsearch:boa_offset_applied": self.radiometry.applied,
        }

    def assets(self, address: str) -> dict[str, dict[str, object]]:
        """See Scene."""
        return items.assets(self.record.bands, self.radiometry, address)

    def file(self, name: str) -> BandFile | None:
        """See Scene."""
        source = self.record.bands.get(SOURCES.get(name, ""))
        if source is None:
            return None
        added = 0 if SOURCES[name] == CLASSES_SOURCE else self.radiometry.added
        return BandFile(f"{self.folder}/{name}.tif", source, items.NODATA, added)


@dataclass(frozen=True)
class EarthSearch:
    """One of the two collections.

    Attributes:
        id: of the collection.
        catalog: holds the images.
        settings: gives the settings in force.
    """

    id: str
    catalog: Catalog
    settings: CurrentSettings

    @property
    def about(self) -> About:
        """See Collection."""
        return About(self.id, _TITLES[self.id], _DESCRIPTION, items.EXTENSIONS[self.id], _START_MS, is_endless=True)

    def newest(self, start_ms: int, end_ms: int, region: BaseGeometry | None) -> Iterator[Granule]:
        """See Collection; images that are not named as Sentinel-2's are left out."""
        return self._named(newest_first(self.catalog, SOURCE, start_ms=start_ms, end_ms=end_ms, region=region))

    def _named(self, records: Iterator[ImageRecord]) -> Iterator[Granule]:
        return (Granule(self, one) for one in records if _INDEX.fullmatch(str(one.properties["system:index"])))

    def of_tile(self, tile: str, start_ms: int, end_ms: int) -> Iterator[Granule]:
        """Scenes of an MGRS tile sensed in [start_ms, end_ms), oldest first; none of an unknown tile."""
        area = self.catalog.area(SOURCE, {"MGRS_TILE": tile})
        if area is not None and area.is_empty:
            return iter(())
        granules = self._named(self.catalog.images(SOURCE, start_ms=start_ms, end_ms=end_ms, region=area))
        return (granule for granule in granules if granule.tile == tile)

    def find(self, item: str) -> Granule | None:
        """See Collection."""
        told = clue(self.id, item)
        if told is None:
            return None
        granules = self.of_tile(told.tile, milliseconds(told.start), milliseconds(told.end))
        return next((granule for granule in granules if granule.id == item), None)


_TITLES = {COLLECTION_0: "Sentinel-2 Level-2A", COLLECTION_1: "Sentinel-2 Collection 1 Level-2A"}
_DESCRIPTION = f"Scenes of {SOURCE} of the sandbox, named and described as Earth Search does."
