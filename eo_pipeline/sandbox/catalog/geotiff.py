"""One band of a GeoTIFF (or any raster GDAL opens) as a band source. Not here: which files make an image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import MaskFlags
from rasterio.io import DatasetReader
from rasterio.windows import Window

from eo_pipeline.sandbox.catalog.fields import CatalogFileError
from eo_pipeline.sandbox.catalog.open_rasters import OpenRasters
from eo_pipeline.sandbox.catalog.pyramid import Box, Pixels, Policy, read_level
from eo_pipeline.sandbox.catalog.schema import BandSpec
from eo_pipeline.sandbox.catalog.stored import Decoding
from eo_pipeline.sandbox.graph.grids import Projection
from eo_pipeline.sandbox.graph.pixel_types import PixelType

_OPEN = OpenRasters(idle=64)
"""Of this process."""


@dataclass(frozen=True)
class RasterBand:
    """A band of a raster file; it holds no open file itself, so sources may be kept and shared.

    Attributes:
        path: the file.
        band: 1-based index in it.
        pixel_type: type of the pixels after decoding.
        projection: native lattice.
        dimensions: (width, height), pixels.
        pyramiding: how levels are made.
        decoding: how stored values become pixels.
        has_own_nodata: True if the catalog names the nodata value; then the file's mask is ignored.
    """

    path: Path
    band: int
    pixel_type: PixelType
    projection: Projection
    dimensions: tuple[int, int]
    pyramiding: Policy
    decoding: Decoding
    has_own_nodata: bool

    def read(self, level: int, x: int, y: int, width: int, height: int) -> Pixels:
        """See BandSource.read. Memory is bounded by a strip of level 0.

        Raises:
            ValueError: the window leaves the level.
        """
        return read_level(self._native, self.dimensions, self.pyramiding, level, Box(x, y, width, height))

    def _native(self, box: Box) -> Pixels:
        window = Window(box.x, box.y, box.width, box.height)
        with _OPEN.opened(self.path) as file:
            stored: np.ndarray = file.read(self.band, window=window)
            valid = None if self.has_own_nodata else _validity(file, self.band, window, stored)
        return self.decoding.decode(stored, valid)


def _validity(file: DatasetReader, band: int, window: Window, stored: np.ndarray) -> np.ndarray | None:
    """The file's own mask, True where valid; None if everything is. Whole numbers are compared with nodata here."""
    flags = file.mask_flag_enums[band - 1]
    if flags == [MaskFlags.all_valid]:
        return None
    if flags == [MaskFlags.nodata] and stored.dtype.kind in "iu":
        return np.asarray(stored != file.nodatavals[band - 1])
    return np.asarray(file.read_masks(band, window=window) > 0)


def open_raster_band(path: Path, spec: BandSpec, crs: str | None) -> RasterBand:
    """Read the metadata of one band.

    Args:
        path: the file.
        spec: the band as written in the catalog.
        crs: CRS that overrides the file's, or None.

    Raises:
        CatalogFileError: no such file or band, no CRS, or floats with pyramiding mode.
    """
    where = f"{spec.field.file}: {spec.field.name}"
    try:
        with rasterio.open(path) as file:
            if spec.band > file.count:
                raise CatalogFileError(
                    f"{where}.band: expected 1 to {file.count} of {path}, got {spec.band}; correct it"
                )
            code = crs or crs_code(file.crs)
            transform, size, stored = file.transform, (file.width, file.height), np.dtype(file.dtypes[spec.band - 1])
    except rasterio.errors.RasterioIOError as error:
        raise CatalogFileError(f"{where}: expected a raster at {path}, got {error}; correct the path") from error
    if code is None:
        raise CatalogFileError(f"{where}: expected {path} to have a CRS, got none; set `crs` in its entry")
    decoding = Decoding(spec.scale, spec.offset, spec.nodata)
    return RasterBand(
        path=path,
        band=spec.band,
        pixel_type=checked_type(decoding.pixel_type(stored), spec),
        projection=Projection(code, tuple(transform)[:6]),
        dimensions=size,
        pyramiding=spec.pyramiding,
        decoding=decoding,
        has_own_nodata=spec.nodata is not None,
    )


def crs_code(crs: rasterio.crs.CRS | None) -> str | None:
    """EPSG:n where the CRS has such a code, else WKT; None for none."""
    if not crs:
        return None
    number = crs.to_epsg()
    return f"EPSG:{number}" if number else str(crs.to_wkt())


def checked_type(pixel_type: PixelType, spec: BandSpec) -> PixelType:
    """The type, if its levels can be made.

    Raises:
        CatalogFileError: pyramiding mode of a band that is not of integers.
    """
    if spec.pyramiding == "mode" and not pixel_type.is_integer:
        raise CatalogFileError(
            f"{spec.field.file}: {spec.field.name}.pyramiding: expected mean or sample for a band of floats, "
            "got 'mode'; choose one of them"
        )
    return pixel_type
