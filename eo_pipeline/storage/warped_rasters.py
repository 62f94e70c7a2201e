"""Rasters as they look on another grid, window by window, by rasterio's warper.

Does not belong here: which rasters are warped, and threads (see raster_handles).
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from eo_pipeline.core.mosaics.warping import Warp

_EXACTLY = 1e-3
"""Pixels of the source by which the warper may approximate where a pixel of the target comes from."""


@dataclass(frozen=True)
class WarpedRaster:
    """A raster as it looks on another grid.

    Attributes:
        path: a local raster.
        grid: whose pixels are read.
        nodata: stored number of unusable pixels, which take no part, and of those beside the raster.
        warp: how it comes onto the grid.
        resampling: rasterio's name of how pixels are computed.
    """

    path: Path
    grid: GeoBox
    nodata: float
    warp: Warp
    resampling: str = "nearest"

    def resampled(self, resampling: str) -> "WarpedRaster":
        """The same with pixels computed in another way."""
        return replace(self, resampling=resampling)


def open_warped(source: Any, raster: WarpedRaster) -> WarpedVRT:
    """The dataset of a raster's own pixels, open, as one of the grid's pixels."""
    return WarpedVRT(
        source,
        crs=str(raster.grid.crs),
        transform=raster.grid.affine,
        width=raster.grid.width,
        height=raster.grid.height,
        src_transform=Affine.translation(raster.warp.turn, 0) @ source.transform,
        resampling=Resampling[raster.resampling],
        src_nodata=raster.nodata,
        nodata=raster.nodata,
        tolerance=_EXACTLY,
        unified_src_nodata="NO",  # each band's own nodata counts, not only where all bands have it
        xscale=1 / raster.warp.scale[0],  # or else GDAL derives it from each window's shape
        yscale=1 / raster.warp.scale[1],
    )
