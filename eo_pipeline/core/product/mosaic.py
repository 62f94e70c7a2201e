"""How tiles become a mosaic. What does not belong here: whether that fits the bands (`core.mosaics.options`)."""

from typing import Literal

from pydantic import Field

from eo_pipeline.core.mosaics.options import Compression, MosaicOptions, Resampling
from eo_pipeline.core.product.section import Section


class Mosaic(Section):
    """How the tiles of an area become one cloud-optimised GeoTIFF."""

    overlap: Literal["first", "last", "min", "max", "mean"] = Field(
        "first",
        description="which value stays where tiles overlap, in physical units and never nodata; tiles go by their name",
    )
    resampling: Resampling | None = Field(
        None,
        description="how tiles in another CRS are warped onto the product's grid; they are refused if absent; classes "
        "and counts are the nearest pixel's in any case",
    )
    compression: Compression = Field("deflate", description="of the file; lerc may be lossy, and is written by GDAL")
    level: int | None = Field(
        None,
        description="effort of deflate (1 to 12) or zstd (1 to 22), less is faster and larger; if absent 1 for zstd, "
        "and for deflate what suits the pixels of each window, with files about as large as at 6",
    )
    max_z_error: float = Field(
        0.0, ge=0, description="how far a stored number may be off, with lerc and nodata NaN only; 0 keeps every bit"
    )
    allow_gaps: bool = Field(
        False,
        description="pixels that no tile covers become nodata, and tiles that are missing of an export are left out; "
        "else both are an error",
    )

    @property
    def options(self) -> MosaicOptions:
        """The same for the step that makes it."""
        return MosaicOptions(**self.model_dump())
