"""Files of bands: one GeoTIFF a band with a mask of its own, written window by window. Not here: which pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from eo_pipeline.sandbox.catalog.geotiff import RasterBand
from eo_pipeline.sandbox.catalog.stored import Decoding
from eo_pipeline.sandbox.catalog.user_assets.records import StoredBand

_BLOCK = 256


@dataclass(frozen=True)
class BandFile:
    """A band's file open for writing; what is not written is masked."""

    dataset: DatasetWriter

    def write(self, window: Window, data: np.ndarray, mask: np.ndarray) -> None:
        """Write a window.

        Args:
            window: In pixels of the band.
            data: (row, column).
            mask: (row, column), non-zero where valid; whether a pixel counts is kept, not how much.
        """
        self.dataset.write(data, 1, window=window)
        self.dataset.write_mask(np.asarray(mask) != 0, window=window)


@contextmanager
def new_band_file(folder: Path, band: StoredBand) -> Iterator[BandFile]:
    """The file of a band, open for writing."""
    width, height = band.dimensions
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            folder / band.file,
            "w",
            driver="GTiff",
            width=width,
            height=height,
            count=1,
            dtype=band.pixel_type.dtype.name,
            crs=CRS.from_user_input(band.projection.crs),
            transform=band.projection.affine,
            compress="lzw",
            tiled=True,
            blockxsize=_BLOCK,
            blockysize=_BLOCK,
            BIGTIFF="IF_SAFER",
        ) as dataset,
    ):
        dataset.write_mask(np.zeros((1, 1), bool), window=Window(0, 0, 1, 1))
        yield BandFile(dataset)


def open_band(folder: Path, band: StoredBand) -> RasterBand:
    """The source of a band's pixels."""
    return RasterBand(
        path=folder / band.file,
        band=1,
        pixel_type=band.pixel_type,
        projection=band.projection,
        dimensions=band.dimensions,
        pyramiding=band.pyramiding,
        decoding=Decoding(),
        has_own_nodata=False,
    )
