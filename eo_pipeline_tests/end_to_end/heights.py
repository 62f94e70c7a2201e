"""A small product on a catalogue of monthly rasters, for tests that interrupt, lose and change things.

What does not belong here: expectations.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import rasterio
import shapely
import yaml
from numpy.typing import NDArray
from rasterio.transform import from_origin

from eo_pipeline_tests.processes import SandboxProcess

COLLECTION = "projects/sandbox-project/assets/heights"
CRS, RESOLUTION, LEFT, TOP, SIDE = "EPSG:32633", 10, 500_000, 5_200_000, 256


def write_month(folder: Path, month: str, *, seed: int, side: int = SIDE) -> NDArray[np.float32]:
    """The raster `h_YYYYMM.tif` of a month; gives its pixels (y, x)."""
    pixels = np.random.default_rng(seed).normal(500, 100, (side, side)).astype(np.float32)
    profile: dict[str, Any] = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "float32"}
    transform = from_origin(LEFT, TOP, RESOLUTION, RESOLUTION)
    with rasterio.open(
        folder / f"h_{month.replace('-', '')}.tif", "w", **profile, crs=CRS, transform=transform
    ) as file:
        file.write(pixels, 1)
    return pixels


def write_catalog(folder: Path) -> Path:
    """A catalogue of every `h_YYYYMM.tif` of a folder, and the zones `zones.geojson`."""
    entry = {"files": str(folder / "h_{YYYY}{MM}.tif"), "duration": "month", "bands": {"height": {}}}
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"collections": {COLLECTION: {"images": [entry]}}}))
    zone = shapely.box(LEFT + 200, TOP - 1000, LEFT + 900, TOP - 300)
    geopandas.GeoDataFrame({"name": ["field"]}, geometry=[zone], crs=CRS).to_file(folder / "zones.geojson")
    return catalog


def square(side: int) -> dict[str, Any]:
    """An area that begins at the rasters' corner, `side` pixels wide and high."""
    length = side * RESOLUTION
    return {"box": [LEFT, TOP - length, LEFT + length, TOP], "crs": CRS, "resolution": RESOLUTION}


def heights(name: str, **more: Any) -> dict[str, Any]:
    """The product: one area, months of early 2024, all stages."""
    return {
        "name": name,
        "source": {"collection": COLLECTION, "bands": ["height"]},
        "composite": {"reducer": "mean"},
        "period": {"every": "month", "start": "2024-01", "end": "2024-04"},
        "area": square(SIDE),
        "output": {"height": {"dtype": "float32"}},
        "zones": {"file": "zones.geojson", "id": "name", "statistics": ["mean", "count"]},
        "cube": {"repository": f"cubes/{name}", "chunk": 256, "shard": 256},
        "export": {"file_dimensions": 256},
        **more,
    }


def submissions(sandbox: SandboxProcess) -> dict[str, str]:
    """Request id of every operation that ever was, by its name."""
    return {event["name"]: event["requestId"] for event in sandbox.events("operation")}


def last_states(sandbox: SandboxProcess) -> Mapping[str, str]:
    """The last journalled state of every operation, by its name."""
    return {event["name"]: event["state"] for event in sandbox.events("operation")}
