"""Which scenes a collection has: Earth Engine's images, seen as items. What does not belong here: how items are written."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import Catalog, start_of
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.stac.names import clue, folder, item_id
from eo_pipeline.sandbox.stac.radiometry import COLLECTION_0, Radiometry, radiometry
from eo_pipeline.sandbox.stac.settings import StacSettings

SOURCE = "COPERNICUS/S2_SR_HARMONIZED"
"""The Earth Engine collection whose images are published."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_MS = 86_400_000


@dataclass(frozen=True, eq=False)
class Scene:
    """An image as an item of a collection.

    Attributes:
        collection: id of the collection.
        record: the image.
        shelf: where it was found.
    """

    collection: str
    record: ImageRecord
    shelf: "Shelf"

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
    def order(self) -> tuple[int, str, str]:
        """Sorts scenes by time; those of one time by index and collection."""
        return self.time_ms, self.index, self.collection

    @property
    def spacecraft(self) -> str:
        """The letter of the satellite."""
        return str(self.record.properties["SPACECRAFT_NAME"])[-1]

    @cached_property
    def sequence(self) -> int:
        """How many scenes of this spacecraft and tile came before on that day."""
        midnight = self.time_ms // _DAY_MS * _DAY_MS
        before = self.shelf.of_tile(self.collection, self.tile, midnight, self.time_ms)
        return sum(scene.spacecraft == self.spacecraft for scene in before)

    @cached_property
    def id(self) -> str:
        """The item's id."""
        sequence = self.sequence if self.collection == COLLECTION_0 else 0
        return item_id(
            self.collection, spacecraft=self.spacecraft, tile=self.tile, time=self.time, sequence=sequence
        )

    @property
    def folder(self) -> str:
        """Where its files are."""
        return folder(self.collection, tile=self.tile, time=self.time, item=self.id)

    @cached_property
    def radiometry(self) -> Radiometry:
        """How its pixels mean reflectance."""
        return radiometry(self.collection, self.id, f"{self.time:%Y-%m-%d}", self.shelf.settings)


@dataclass(frozen=True)
class Shelf:
    """Finds scenes.

    Attributes:
        catalog: holds the images.
        settings: of the archive.
    """

    catalog: Catalog
    settings: StacSettings

    def between(
        self, collection: str, start_ms: int | None, end_ms: int, region: BaseGeometry | None
    ) -> Iterator[Scene]:
        """Scenes sensed in [start_ms, end_ms) whose footprint meets a region of EPSG:4326, oldest first."""
        for record in self.catalog.images(SOURCE, start_ms=start_ms, end_ms=end_ms, region=region):
            yield Scene(collection, record, self)

    def of_tile(self, collection: str, tile: str, start_ms: int, end_ms: int) -> Iterator[Scene]:
        """Scenes of an MGRS tile sensed in [start_ms, end_ms), oldest first; none of an unknown tile."""
        area = self.catalog.area(SOURCE, {"MGRS_TILE": tile})
        scenes = () if area is not None and area.is_empty else self.between(collection, start_ms, end_ms, area)
        return (scene for scene in scenes if scene.tile == tile)

    def find(self, collection: str, item: str) -> Scene | None:
        """The scene of an item's id, or None."""
        told = clue(collection, item)
        if told is None:
            return None
        scenes = self.of_tile(collection, told.tile, milliseconds(told.start), milliseconds(told.end))
        return next((scene for scene in scenes if scene.id == item), None)


def milliseconds(time: dt.datetime) -> int:
    """Milliseconds since 1970 of a time with a zone."""
    return (time - _EPOCH) // dt.timedelta(milliseconds=1)


def time_of(time_ms: int) -> dt.datetime:
    """UTC of milliseconds since 1970."""
    return _EPOCH + dt.timedelta(milliseconds=time_ms)
