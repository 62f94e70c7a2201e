"""Reading rasters: what a file says of itself, and whether all of it can be read.

Does not belong here: writing (see storage.cogs) and what to do about a bad file.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import rasterio
from odc.geo.geobox import GeoBox
from rasterio._err import CPLE_BaseError
from rasterio.enums import MaskFlags
from rasterio.errors import RasterioError

from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.errors import TilesError

GDAL_ERRORS = (RasterioError, CPLE_BaseError)
"""What rasterio raises when GDAL fails; it wraps GDAL's own error in some calls and passes it on in others."""


def read_header(path: Path) -> RasterHeader:
    """Read a raster's header.

    Raises:
        TilesError: the file cannot be opened as a raster, or has no CRS.
    """
    try:
        with rasterio.open(path) as dataset:
            return header_of(dataset, path)
    except GDAL_ERRORS as error:
        raise unreadable(path, error) from error


def read_headers(paths: Iterable[Path]) -> dict[Path, RasterHeader]:
    """Read the headers of several rasters, in their order.

    Raises:
        TilesError: lists every file that is no raster or has no CRS.
    """
    headers, problems = {}, []
    for path in paths:
        try:
            headers[path] = read_header(path)
        except TilesError as error:
            problems.append(str(error))
    if problems:
        raise TilesError("\n".join(problems))
    return headers


def read_all_blocks(path: Path) -> None:
    """Read every block of every band; lets GDAL_ERRORS through."""
    with rasterio.open(path) as dataset:
        for _, window in dataset.block_windows(1):
            dataset.read(window=window)


def unreadable(path: Path, error: Exception) -> TilesError:
    """The error for a file that GDAL cannot read, with GDAL's own words."""
    reason = str(error.__cause__ or error)
    return TilesError(f"expected a readable raster, got {path}: {reason}; delete it and export or download it again")


def header_of(dataset: Any, path: Path) -> RasterHeader:
    """What an open dataset says of itself; TilesError without a CRS."""
    if dataset.crs is None:
        raise TilesError(f"expected a georeferenced raster, got {path} without a CRS; export it again with one")
    return RasterHeader(
        geobox=GeoBox.from_rio(dataset),
        dtype=str(dataset.dtypes[0]),
        count=int(dataset.count),
        nodata=dataset.nodata,
        band_names=tuple(name or "" for name in dataset.descriptions),
        scales=tuple(float(scale) for scale in dataset.scales),
        offsets=tuple(float(offset) for offset in dataset.offsets),
        block_shape=tuple(dataset.block_shapes[0]),
        masked=any(MaskFlags.per_dataset in flags for flags in dataset.mask_flag_enums),
    )
