"""One tile as a GeoTIFF of this machine, like those that an export writes, and whether a file is that tile.

Does not belong here: which tiles there should be, and mosaics (see cogs).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import check_headers
from eo_pipeline.errors import TilesError
from eo_pipeline.storage.disk_space import room_for
from eo_pipeline.storage.rasters import GDAL_ERRORS, read_all_blocks, read_header

_BLOCK = 256
_DIGEST = "EO_DIGEST"
"""Metadata item that says what the pixels were made of."""


def write_tile(path: Path, pixels: NDArray[Any], *, geobox: GeoBox, bands: Sequence[BandEncoding], digest: str) -> None:
    """Write stored numbers (band, y, x) under a final name, whole or not at all.

    Args:
        path: in a folder that exists.
        pixels: in the bands' dtype.
        geobox: of the pixels.
        bands: in order; all of one dtype and one nodata.
        digest: of what the pixels were made of.

    Raises:
        DiskFullError: no room; nothing stays behind.
        StorageError: the account may not write there.
    """
    content = _geotiff(pixels, geobox, bands, digest)
    part = path.with_name(f"{path.name}.part")
    try:
        with room_for(path, len(content)):
            part.write_bytes(content)
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def is_tile(path: Path, *, geobox: GeoBox, bands: Sequence[BandEncoding], digest: str) -> bool:
    """Whether the file is there, readable to its last block, and the tile that `write_tile` would write there."""
    if not path.exists():
        return False
    try:
        header = read_header(path)
        check_headers({path: header}, bands)
        read_all_blocks(path)
        with rasterio.open(path) as dataset:
            made_of = dataset.tags().get(_DIGEST)
    except (TilesError, *GDAL_ERRORS):
        return False
    return made_of == digest and _same_grid(header.geobox, geobox)


def _same_grid(found: GeoBox, wanted: GeoBox) -> bool:
    same_place = np.allclose(list(found.affine), list(wanted.affine), rtol=1e-12)
    return bool(found.crs == wanted.crs and found.shape == wanted.shape and same_place)


def _geotiff(pixels: NDArray[Any], geobox: GeoBox, bands: Sequence[BandEncoding], digest: str) -> bytes:
    height, width = geobox.shape
    profile = {
        "driver": "GTiff",
        "height": height,
        "width": width,
        "count": len(bands),
        "dtype": bands[0].dtype,
        "crs": str(geobox.crs),
        "transform": geobox.affine,
        "nodata": bands[0].nodata,
        "tiled": True,
        "blockxsize": _BLOCK,
        "blockysize": _BLOCK,
        "compress": "deflate",
        "zlevel": 1,
        "predictor": 3 if bands[0].is_float else 2,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(pixels)
            dataset.descriptions = tuple(band.name for band in bands)
            dataset.update_tags(**{_DIGEST: digest})
        return bytes(memory.read())
