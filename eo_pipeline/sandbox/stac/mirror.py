"""Earth Engine's assets as collections of items, as they stand. What does not belong here: how items are written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo, Catalog, asset_ids, newest_first, start_of
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.stac import mirror_items
from eo_pipeline.sandbox.stac.scenes import About, BandFile, Order


@dataclass(frozen=True, eq=False)
class MirroredScene:
    """An image as an item.

    Attributes:
        mirror: its collection.
        record: the image.
    """

    mirror: "Mirror"
    record: ImageRecord

    @property
    def collection(self) -> str:
        """Id of the collection."""
        return self.mirror.id

    @property
    def id(self) -> str:
        """Its system:index."""
        return str(self.record.properties["system:index"])

    @cached_property
    def time_ms(self) -> int:
        """Its system:time_start; its version's time if it has none."""
        start = start_of(self.record)
        return self.record.version // 1000 if start is None else start

    @property
    def order(self) -> Order:
        """See Scene."""
        return self.time_ms, self.id, self.collection

    @property
    def folder(self) -> str:
        """Where its files are."""
        return f"{self.collection}/{self.id}"

    def properties(self) -> Mapping[str, object]:
        """See Scene."""
        return mirror_items.properties(self.record, self.time_ms)

    def assets(self, address: str) -> dict[str, dict[str, object]]:
        """See Scene."""
        return mirror_items.assets(self.mirror.info.id, self.record.bands, address)

    def file(self, name: str) -> BandFile | None:
        """See Scene."""
        source = self.record.bands.get(name)
        if source is None or not mirror_items.is_published(source):
            return None
        return BandFile(f"{self.folder}/{name}.tif", source, mirror_items.nodata(source.pixel_type))


@dataclass(frozen=True)
class Mirror:
    """An image collection, or an image alone.

    Attributes:
        info: the asset.
        catalog: holds it.
    """

    info: AssetInfo
    catalog: Catalog

    @property
    def id(self) -> str:
        """The asset's id with underscores for slashes, as Earth Engine's own STAC files are named."""
        return self.info.id.replace("/", "_")

    @property
    def about(self) -> About:
        """See Collection."""
        title = str(self.info.properties.get("title", self.info.id))
        description = f"The Earth Engine asset {self.info.id} of the sandbox; its pixels as computePixels gives them."
        return About(self.id, title, description, mirror_items.EXTENSIONS, self._start_ms(), self.info.endless)

    def _start_ms(self) -> int | None:
        first = None if self.info.endless else next(self._records(None), None)
        return None if first is None else MirroredScene(self, first).time_ms

    def newest(self, start_ms: int, end_ms: int, region: BaseGeometry | None) -> Iterator[MirroredScene]:
        """See Collection."""
        if not self.info.endless:
            return self._of_finite(start_ms, end_ms, region)
        records = newest_first(self.catalog, self.info.id, start_ms=start_ms, end_ms=end_ms, region=region)
        return (MirroredScene(self, record) for record in records)

    def _of_finite(self, start_ms: int, end_ms: int, region: BaseGeometry | None) -> Iterator[MirroredScene]:
        """Images may have no time here, so that all of them are looked at."""
        scenes = (MirroredScene(self, record) for record in self._records(region))
        found = [scene for scene in scenes if start_ms <= scene.time_ms < end_ms]
        return iter(sorted(found, key=lambda one: one.order, reverse=True))

    def _records(self, region: BaseGeometry | None) -> Iterator[ImageRecord]:
        if self.info.type == "IMAGE_COLLECTION":
            return self.catalog.images(self.info.id, start_ms=None, end_ms=None, region=region)
        record = self.catalog.image(self.info.id)
        meets = record is not None and (region is None or shapely.intersects(region, record.footprint))
        return iter([record] if record is not None and meets else [])

    def find(self, item: str) -> MirroredScene | None:
        """See Collection."""
        alone = self.info.type == "IMAGE"
        record = self.catalog.image(self.info.id if alone else f"{self.info.id}/{item}")
        scene = None if record is None else MirroredScene(self, record)
        return scene if scene is not None and scene.id == item else None


def mirrors(catalog: Catalog) -> list[Mirror]:
    """The listed collections and single images of a catalogue; the first one of each name."""
    infos = (catalog.asset(asset_id) for asset_id in asset_ids(catalog))
    found = [Mirror(info, catalog) for info in infos if info is not None and info.type in ("IMAGE_COLLECTION", "IMAGE")]
    return list({mirror.id: mirror for mirror in reversed(found)}.values())[::-1]
