"""What a COG holds besides its pixels. Does not belong here: how it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding

BLOCK = 512

ZSTD_LEVEL = 1
"""GDAL's choice, 9, takes 20 times as long for files of pixels with a predictor that are 0 to 15 % smaller."""


@dataclass(frozen=True)
class CogSpec:
    """What a COG holds besides pixels.

    Attributes:
        geobox: CRS, affine and (y, x) shape.
        bands: in file order; all of one dtype and one nodata, as the format demands.
        tags: provenance, kept as metadata of the file.
        compression: deflate, zstd, lzw, lerc or none.
        level: of deflate (1 to 12) or zstd (1 to 22); None for ZSTD_LEVEL, and for what suits each window with deflate.
        predictor: whether neighbours are subtracted before compression: 2 for integers, 3 for floats.
        max_z_error: how far a pixel may be off in stored units, with lerc only.
        block: rows and columns of a block, a multiple of 16; 128 at least where GDAL writes.
    """

    geobox: GeoBox
    bands: Sequence[BandEncoding]
    tags: Mapping[str, str]
    compression: str
    level: int | None = None
    predictor: bool = True
    max_z_error: float = 0.0
    block: int = BLOCK

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The stored type of all bands."""
        return np.dtype(self.bands[0].dtype)

    @property
    def empty(self) -> float:
        """The number where nothing is written: nodata, or 0 if none is declared."""
        nodata = self.bands[0].nodata
        return 0 if nodata is None else nodata

    @property
    def effort(self) -> int | None:
        """The codec's level; None if it has none or shall find it by itself."""
        if self.compression == "zstd":
            return ZSTD_LEVEL if self.level is None else self.level
        return self.level if self.compression == "deflate" else None

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel of all bands, before compression."""
        return len(self.bands) * self.dtype.itemsize
