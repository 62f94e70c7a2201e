"""Twelve made-up Sentinel-2 scenes as GeoTIFFs, and the median NDVI asked of them, for benchmarks of the sandbox.

What does not belong here: what is measured.
"""

import json
from pathlib import Path

import ee
import numpy as np
import rasterio
from google.auth.credentials import AnonymousCredentials
from rasterio.transform import from_origin

COLLECTION = "COPERNICUS/S2_SR_HARMONIZED"
CRS = "EPSG:32633"
LEFT, TOP = 499_980.0, 5_300_040.0
SCENES = 12
PIXELS = 2048
CLEAR = (4, 5, 6, 7)
"""Classes of SCL that are used."""
SIDES = {"B4": 10.0, "B8": 10.0, "SCL": 20.0}
"""Pixel side of each band, metres."""


def write_scenes(folder: Path) -> Path:
    """Writes SCENES scenes of PIXELS x PIXELS, uncompressed; returns the path of the catalogue."""
    generator = np.random.default_rng(seed=1)
    entries = []
    for number in range(SCENES):
        for band, side in SIDES.items():
            size = round(PIXELS * 10 / side)
            low, high, dtype = (1, 12, "uint8") if band == "SCL" else (1, 8000, "uint16")
            pixels = generator.integers(low, high, (size, size)).astype(dtype)
            form = {"driver": "GTiff", "count": 1, "dtype": dtype, "crs": CRS, "nodata": 0}
            transform = from_origin(LEFT, TOP, side, side)
            with rasterio.open(
                scene_file(folder, number, band), "w", width=size, height=size, transform=transform, **form
            ) as file:
                file.write(pixels, 1)
        bands = ", ".join(f"{band}: {{path: {scene_file(folder, number, band)}, pyramiding: sample}}" for band in SIDES)
        entries.append(f"      - {{id: scene{number:02d}, start: 2024-05-{number + 1:02d}, bands: {{{bands}}}}}")
    catalog = folder / "catalog.yaml"
    catalog.write_text(f"collections:\n  {COLLECTION}:\n    images:\n" + "\n".join(entries), encoding="utf-8")
    return catalog


def scene_file(folder: Path, number: int, band: str) -> Path:
    """Where a band of a scene is."""
    return folder / f"{number:02d}_{band}.tif"


def median_ndvi() -> ee.Image:
    """Median over the scenes of NDVI where SCL is clear."""

    def masked(image: ee.Image) -> ee.Image:
        clear = image.select("SCL").remap(list(CLEAR), [1] * len(CLEAR), 0)
        return image.normalizedDifference(["B8", "B4"]).updateMask(clear)

    image: ee.Image = ee.ImageCollection(COLLECTION).map(masked).median()
    return image


def expression(url: str) -> dict[str, object]:
    """The same as the client of a sandbox sends it."""
    ee.Initialize(AnonymousCredentials(), url=url, project="benchmark")
    serialised: dict[str, object] = json.loads(ee.serializer.toJSON(median_ndvi(), for_cloud_api=True))
    return serialised
