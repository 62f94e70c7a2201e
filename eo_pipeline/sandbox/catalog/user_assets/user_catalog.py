"""Clients' assets as a catalog. What does not belong here: changing them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo, start_of
from eo_pipeline.sandbox.catalog.user_assets.band_files import open_band
from eo_pipeline.sandbox.catalog.user_assets.feature_files import FeatureFile
from eo_pipeline.sandbox.catalog.user_assets.records import UserAsset
from eo_pipeline.sandbox.catalog.user_assets.store import AssetStore
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature


@dataclass(frozen=True)
class UserCatalog:
    """What clients made, see Catalog.

    Attributes:
        store: holds it.
    """

    store: AssetStore

    def asset(self, asset_id: str) -> AssetInfo | None:
        """See Catalog.asset."""
        found = self.store.get(asset_id)
        if found is None:
            return None
        return AssetInfo(found.id, found.type, found.published_properties(), version=found.version)

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        """See Catalog.images; an image without a time passes only where no time is asked for."""
        found = [
            self._record(asset) for asset in self.store.children(collection_id) if _in_time(asset, start_ms, end_ms)
        ]
        for record in sorted(found, key=lambda record: (start_of(record) or 0, record.id)):
            if region is None or region.intersects(record.footprint):
                yield record

    def table(self, table_id: str) -> Sequence[Feature] | None:
        """See Catalog.table; the features are read as they are asked for."""
        found = self.store.get(table_id)
        return FeatureFile(self.store.folder(found)) if found is not None and found.type == "TABLE" else None

    def area(self, _: str, __: Mapping[str, object]) -> BaseGeometry | None:
        """See Catalog.area; the records are at hand, so nothing needs to be told."""
        return None

    def image(self, image_id: str) -> ImageRecord | None:
        """See Catalog.image."""
        found = self.store.get(image_id)
        return self._record(found) if found is not None and found.type == "IMAGE" else None

    def _record(self, asset: UserAsset) -> ImageRecord:
        folder = self.store.folder(asset)
        shape = shapely.Polygon() if asset.footprint is None else shapely.geometry.shape(dict(asset.footprint))
        bands = {band.id: open_band(folder, band) for band in asset.bands}
        return ImageRecord(asset.id, asset.published_properties(), shape, asset.version, bands)


def _in_time(asset: UserAsset, start_ms: int | None, end_ms: int | None) -> bool:
    if asset.type != "IMAGE":
        return False
    if start_ms is None and end_ms is None:
        return True
    time = asset.start_ms
    return time is not None and (start_ms is None or start_ms <= time) and (end_ms is None or time < end_ms)
