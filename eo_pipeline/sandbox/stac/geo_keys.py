"""How a CRS is written into a GeoTIFF: the tags that GDAL writes. What does not belong here: where the image lies."""

import struct
from collections.abc import Sequence
from functools import lru_cache

import rasterio
from rasterio.io import MemoryFile

from eo_pipeline.sandbox.graph.crs import parse_crs

_TAGS = {34735: ("H", 2), 34736: ("d", 8), 34737: ("s", 1)}
"""Code and size of the values of the directory of keys, of its numbers and of its texts."""


@lru_cache(maxsize=256)
def geo_keys(crs: str) -> dict[int, Sequence[float] | bytes]:
    """Values of the tags of a CRS, by tag.

    Args:
        crs: authority code or WKT.
    """
    system = rasterio.CRS.from_wkt(parse_crs(crs).to_wkt())
    affine = rasterio.Affine(1, 0, 0, 0, -1, 1)
    with MemoryFile() as memory:
        profile = {"driver": "GTiff", "width": 1, "height": 1, "count": 1, "dtype": "uint8", "ENDIANNESS": "LITTLE"}
        with memory.open(crs=system, transform=affine, **profile):
            pass
        return _found(memory.read())


def _found(tiff: bytes) -> dict[int, Sequence[float] | bytes]:
    """The wanted tags of the first directory of a little-endian classic TIFF."""
    (at,) = struct.unpack_from("<I", tiff, 4)
    (entries,) = struct.unpack_from("<H", tiff, at)
    found: dict[int, Sequence[float] | bytes] = {}
    for place in range(at + 2, at + 2 + 12 * entries, 12):
        tag, _, count = struct.unpack_from("<HHI", tiff, place)
        if tag in _TAGS:
            code, size = _TAGS[tag]
            (beyond,) = struct.unpack_from("<I", tiff, place + 8)
            start = place + 8 if count * size <= 4 else beyond
            found[tag] = (
                tiff[start : start + count] if code == "s" else struct.unpack_from(f"<{count}{code}", tiff, start)
            )
    return found
