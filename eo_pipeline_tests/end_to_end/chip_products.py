"""Chips of two regions over two months of heights: what tests of chips share.

What does not belong here: expectations.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray

from eo_pipeline_tests.end_to_end.heights import COLLECTION, CRS, LEFT, RESOLUTION, TOP, write_catalog, write_month

MONTHS = ("2024-01", "2024-02")
SIZE, COUNT = 16, 12
REGIONS: Mapping[str, shapely.Polygon] = {
    "east": shapely.Polygon([(LEFT + 1500, TOP - 300), (LEFT + 2300, TOP - 300), (LEFT + 2300, TOP - 1900)]),
    "west": shapely.box(LEFT + 300, TOP - 1200, LEFT + 1100, TOP - 300),
}


def write_world(folder: Path) -> Path:
    """Rasters of both months and the regions' file `regions.geojson`; gives the catalogue."""
    for seed, month in enumerate(MONTHS):
        write_month(folder, month, seed=seed)
    columns = {"name": list(REGIONS)}
    geopandas.GeoDataFrame(columns, geometry=list(REGIONS.values()), crs=CRS).to_file(folder / "regions.geojson")
    return write_catalog(folder)


def chips_product(name: str = "samples_of_heights", **more: Any) -> dict[str, Any]:
    """The declaration; fields of `chips` in `more` replace those here."""
    return {
        "name": name,
        "source": {"collection": COLLECTION, "bands": ["height"]},
        "composite": {"reducer": "mean"},
        "period": {"every": "month", "start": "2024-01", "end": "2024-04"},
        "area": {
            "features": "regions.geojson",
            "id": "name",
            "crs": CRS,
            "resolution": RESOLUTION,
            "origin": [LEFT, TOP],
        },
        "output": {"height": {"dtype": "float32"}},
        "chips": {"count": COUNT, "size": SIZE, **more},
    }


def source_window(folder: Path, month: str, geometry: tuple[float, float], size: int = SIZE) -> NDArray[Any]:
    """Pixels (y, x) of a month's raster from a left and upper edge, read by rasterio; NaN beyond the raster."""
    left, top = geometry
    with rasterio.open(folder / f"h_{month.replace('-', '')}.tif") as dataset:
        row, column = round((TOP - top) / RESOLUTION), round((left - LEFT) / RESOLUTION)
        window = rasterio.windows.Window(column, row, size, size)
        return np.asarray(dataset.read(1, window=window, boundless=True, fill_value=np.nan))
