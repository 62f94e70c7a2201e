"""The work of an image's ingestion: from files in Cloud Storage to an asset. Not here: the manifest's form."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rasterio.windows import Window

from eo_pipeline.sandbox.catalog.user_assets.band_files import new_band_file
from eo_pipeline.sandbox.catalog.user_assets.records import StoredBand, UserAsset
from eo_pipeline.sandbox.earth_engine.asset_updates import described
from eo_pipeline.sandbox.earth_engine.raster_files import storable
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.pixel_types import pixel_type_of
from eo_pipeline.sandbox.tasks.asset_image_exports import outline
from eo_pipeline.sandbox.tasks.asset_making import AssetMaker
from eo_pipeline.sandbox.tasks.delivery import Delivery
from eo_pipeline.sandbox.tasks.image_manifest import ImageManifest, ManifestBand, decode_image_manifest
from eo_pipeline.sandbox.tasks.ingestion_sources import Fetch
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.pixel_progress import PixelProgress
from eo_pipeline.sandbox.tasks.raster_mosaics import Mosaic, MosaicBand, open_mosaic
from eo_pipeline.sandbox.tasks.shards import windows
from eo_pipeline.sandbox.tasks.task_work import Report


@dataclass(frozen=True)
class ImageIngestion:
    """Does the work of `INGEST_IMAGE` operations."""

    fetch: Fetch
    assets: AssetMaker
    delivery: Delivery
    """Has a folder for the files while they are read, and the settings."""

    def __call__(self, operation: Operation, report: Report) -> tuple[str, ...]:
        """Make the asset of an operation and return its destination URIs.

        Raises:
            ServiceError: What the service would end the operation with.
        """
        manifest = decode_image_manifest(operation.request)

        def fill(folder: Path, asset: UserAsset) -> UserAsset:
            with self.delivery.folder(operation) as sources:
                mosaics = self._mosaics(manifest, sources)
                return self._fill(manifest, mosaics, report, folder, asset)

        return self.assets.make(operation, manifest.target, "IMAGE", fill)

    def _mosaics(self, manifest: ImageManifest, folder: Path) -> dict[str, Mosaic]:
        """Mosaics by id of their tileset."""
        found = {}
        for number, tileset in enumerate(manifest.tilesets):
            place = folder / str(number)
            place.mkdir()
            found[tileset.id] = open_mosaic(list(self.fetch.all(tileset.sources, place)), tileset.crs)
        return found

    def _fill(
        self, manifest: ImageManifest, mosaics: Mapping[str, Mosaic], report: Report, folder: Path, asset: UserAsset
    ) -> UserAsset:
        cover = None if manifest.mask_tileset is None else _last_band(mosaics[manifest.mask_tileset])
        bands = manifest.bands or _all_bands(manifest, mosaics)
        sources = [_Pixels(_band(band, mosaics[band.tileset_id]), cover) for band in bands]
        stored = [
            _stored(f"{number}.tif", band, pixels)
            for number, (band, pixels) in enumerate(zip(bands, sources, strict=True))
        ]
        progress = PixelProgress(sum(pixels.count for pixels in sources), report, self.delivery.settings)
        for kept, pixels in zip(stored, sources, strict=True):
            self._write(pixels, kept, folder, progress)
        footprint = outline(mosaics[manifest.tilesets[0].id].grid)
        return replace(described(asset, manifest.fields), bands=tuple(stored), footprint=footprint)

    def _write(self, pixels: "_Pixels", stored: StoredBand, folder: Path, progress: PixelProgress) -> None:
        grid, settings = pixels.band.mosaic.grid, self.delivery.settings
        with new_band_file(folder, stored) as file:
            for column, row, part in windows(grid, settings.now.export_window):
                window = Window(column, row, part.width, part.height)
                data, mask = pixels.read(window)
                file.write(window, np.where(mask, data, 0).astype(stored.pixel_type.dtype), mask)
                progress.computed(part, band_count=1)


@dataclass(frozen=True)
class _Pixels:
    """A band and what covers it."""

    band: MosaicBand
    cover: MosaicBand | None
    """Pixels are valid where it is not 0."""

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        data, mask = self.band.read(window)
        if self.cover is None:
            return data, mask
        cover, known = self.cover.read(window)
        return data, mask & known & (cover != 0)

    @property
    def count(self) -> int:
        """Pixels of the band."""
        return self.band.mosaic.grid.width * self.band.mosaic.grid.height

    def check(self) -> None:
        """Refuse a cover that lies elsewhere."""
        if self.cover is not None and self.cover.mosaic.grid != self.band.mosaic.grid:
            raise ServiceError("Mask bands must lie on the same grid as the bands that they mask.")


def _band(band: ManifestBand, mosaic: Mosaic) -> MosaicBand:
    if band.index >= len(mosaic.dtypes):
        raise ServiceError(f"Band '{band.id}' asks for band {band.index} of {len(mosaic.dtypes)} in its tileset.")
    return MosaicBand(mosaic, band.index, band.missing)


def _last_band(mosaic: Mosaic) -> MosaicBand:
    return MosaicBand(mosaic, len(mosaic.dtypes) - 1, ())


def _all_bands(manifest: ImageManifest, mosaics: Mapping[str, Mosaic]) -> tuple[ManifestBand, ...]:
    """Those of the first tileset by number; the last one is left out if it is the mask."""
    first = manifest.tilesets[0].id
    count = len(mosaics[first].dtypes) - (manifest.mask_tileset == first)
    return tuple(
        ManifestBand(f"b{number + 1}", first, number, manifest.policy, manifest.missing) for number in range(count)
    )


def _stored(file: str, band: ManifestBand, pixels: _Pixels) -> StoredBand:
    pixels.check()
    grid = pixels.band.mosaic.grid
    return StoredBand(
        id=band.id,
        file=file,
        pixel_type=pixel_type_of(storable(pixels.band.dtype)),
        projection=grid.projection,
        dimensions=(grid.width, grid.height),
        pyramiding=band.policy,
    )
