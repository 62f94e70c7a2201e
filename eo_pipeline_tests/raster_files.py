"""Small rasters on disk for tests, written with plain rasterio; and where the real data are."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
needs_real_data = [
    pytest.mark.real_data,
    pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"the folder of real data is absent: {REAL_DATA}"),
]


def grid(height: int, width: int, *, crs: str = "EPSG:32633", left: float = 5e5, top: float = 5e6) -> GeoBox:
    """A grid of 10 m pixels (10 CRS units)."""
    return GeoBox((height, width), Affine(10, 0, left, 0, -10, top), crs)


def write_raster(
    path: Path,
    geobox: GeoBox,
    pixels: NDArray[Any],
    *,
    nodata: float | None = None,
    names: Sequence[str] = (),
    **options: object,
) -> Path:
    """Write pixels (band, y, x) as a GeoTIFF and return its path."""
    profile = {"crs": str(geobox.crs), "transform": geobox.affine, "nodata": nodata, "driver": "GTiff", **options}
    bands, height, width = pixels.shape
    with rasterio.open(path, "w", height=height, width=width, count=bands, dtype=pixels.dtype, **profile) as dataset:
        dataset.write(pixels)
        if names:
            dataset.descriptions = names
    return path


def read_raster(path: Path) -> NDArray[Any]:
    """All stored numbers as (band, y, x)."""
    with rasterio.open(path) as dataset:
        pixels: NDArray[Any] = dataset.read()
    return pixels
