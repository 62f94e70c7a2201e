"""Where thousands of GeoTIFFs lie, and whether each ends before its pixels do; no pixel is read.

GDAL opens a file that was cut off, and fails only where it is read. What does not belong here: pixels (`rasters`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rasterio
from odc.geo.geobox import GeoBox

from eo_pipeline.errors import TilesError
from eo_pipeline.storage.rasters import GDAL_ERRORS, header_of, unreadable


@dataclass(frozen=True)
class RasterExtent:
    """What a file says of itself.

    Attributes:
        geobox: CRS, affine and (y, x) shape.
        stop: one past the last byte of its pixels.
        size: bytes that the file has; fewer than `stop` if it was cut off.
    """

    geobox: GeoBox
    stop: int
    size: int


def read_extents(paths: Iterable[Path]) -> Iterator[RasterExtent | TilesError]:
    """The extent of each file, or why it is no raster that has a place; in order."""
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
        for path in paths:
            yield _extent(path)


def _extent(path: Path) -> RasterExtent | TilesError:
    try:
        with rasterio.open(path) as dataset:
            stop = _end_of_pixels(dataset) if dataset.driver == "GTiff" else 0
            return RasterExtent(header_of(dataset, path).geobox, stop, path.stat().st_size)
    except GDAL_ERRORS as error:
        return unreadable(path, error)
    except TilesError as error:
        return error


def _end_of_pixels(dataset: Any) -> int:
    """The greatest end of a block that is stored; blocks without any value may be left out."""
    stop = 0
    for band, (rows, columns) in enumerate(dataset.block_shapes, start=1):
        for row in range(-(-dataset.height // rows)):
            for column in range(-(-dataset.width // columns)):
                offset = dataset.get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=band)
                size = dataset.get_tag_item(f"BLOCK_SIZE_{column}_{row}", "TIFF", bidx=band)
                if offset is not None and size is not None:
                    stop = max(stop, int(offset) + int(size))
    return stop
