"""Small archives like GLAD's: files of places and years, on one lattice. What does not belong here: expectations."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.period_rules import CalendarRule
from eo_pipeline.core.scenes.file_names import NamePattern
from eo_pipeline.sources.aligned_tiles.archive import TileArchive
from eo_pipeline.sources.listings import open_listing

YEAR = CalendarRule("year")
PATTERN = NamePattern("{year}/{lat}_{lon}.tif")
CLASSES = BandEncoding("classes", "uint8", nodata=255, kind="categorical")
STEP = 0.125
"""Degrees a pixel: exact in binary."""


def place(row: int, column: int, *, degrees: int) -> str:
    """GLAD's name of a tile: its upper left corner, rows from 80N and columns from 180W."""
    north, east = 80 - row * degrees, column * degrees - 180
    lat = f"{abs(north):02}{'N' if north >= 0 else 'S'}"
    return f"{lat}_{abs(east):03}{'E' if east >= 0 else 'W'}"


def write_tile(path: Path, pixels: NDArray[Any], *, north: float, west: float, step: float = STEP) -> Path:
    """One band (y, x) by plain rasterio."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = pixels.shape
    transform = Affine(step, 0, west, 0, -step, north)
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=1, dtype=pixels.dtype, crs="EPSG:4326",
        transform=transform, compress="lzw",
    ) as dataset:  # fmt: skip
        dataset.write(pixels, 1)
    return path


def globe(rows: int, columns: int, *, chunk: int, shard: int, start: int = 2000) -> CubeTemplate:
    """A cube of classes from 80N, 180W."""
    grid = GeoBox((rows, columns), Affine(STEP, 0, -180, 0, -STEP, 80), "EPSG:4326")
    return CubeTemplate("cover", grid, (CLASSES,), YEAR, datetime(start, 1, 1, tzinfo=UTC), chunk=chunk, shard=shard)


def archive_in(folder: Path) -> TileArchive:
    return TileArchive(open_listing(str(folder)), PATTERN)


def provenance(key: str) -> Provenance:
    return Provenance("cover", key, "recipe", "v1", "run", datetime(2024, 1, 1, tzinfo=UTC))


def random_classes(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 250, (height, width)).astype(np.uint8)
