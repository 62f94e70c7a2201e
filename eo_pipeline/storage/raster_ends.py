"""Whether a GeoTIFF ends before its pixels do: GDAL opens one that was cut off and fails only where it is read.

What does not belong here: reading pixels (`rasters`).
"""

from pathlib import Path
from typing import Any

import rasterio

from eo_pipeline.storage.rasters import GDAL_ERRORS


def end_of_pixels(path: Path) -> int:
    """Where the file's header says that the last of its pixels end, in bytes from the beginning.

    Only offsets are read, no pixels. 0 for what is no GeoTIFF; that `read_header` refuses, or reads anyhow.
    """
    try:
        with rasterio.open(path) as dataset:
            return max(map(int, _ends(dataset)), default=0) if dataset.driver == "GTiff" else 0
    except GDAL_ERRORS:
        return 0


def _ends(dataset: Any) -> list[int]:
    """One past the last byte of every block that is stored; blocks without any value may be left out."""
    ends = []
    for band, (rows, columns) in enumerate(dataset.block_shapes, start=1):
        for row in range(-(-dataset.height // rows)):
            for column in range(-(-dataset.width // columns)):
                offset = dataset.get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=band)
                size = dataset.get_tag_item(f"BLOCK_SIZE_{column}_{row}", "TIFF", bidx=band)
                if offset is not None and size is not None:
                    ends.append(int(offset) + int(size))
    return ends
