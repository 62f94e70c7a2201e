"""The world's land that comes with the project. What does not belong here: what is asked of it."""

import gzip
from pathlib import Path

import numpy as np
import shapely
from odc.geo.crs import CRS
from shapely.geometry.base import BaseGeometry

LAND_FILE = Path(__file__).parent / "land_50m.wkb.gz"
"""Natural Earth 1:50m, see README.md beside it."""
LAND_CRS = CRS("EPSG:4326")


def packaged_land() -> tuple[BaseGeometry, ...]:
    """Polygons of the world's land in LAND_CRS, longitudes -180 to 180, cut there; without lakes."""
    world = shapely.from_wkb(gzip.decompress(LAND_FILE.read_bytes()))
    return tuple(np.asarray(shapely.get_parts(world), dtype=object))
