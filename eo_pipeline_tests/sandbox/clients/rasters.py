"""Rasters that clients read through the sandbox and rasterio reads directly: three Sentinel-2 scenes, three months.

What does not belong here: the clients, and the sandbox.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio

SCENES = "COPERNICUS/S2_SR_HARMONIZED"
MONTHS = "ECMWF/ERA5_LAND/MONTHLY_AGGR"
DATES = ("20240503", "20240508", "20240513")
YEAR_MONTHS = ("202404", "202405", "202406")
LEFT, TOP = 499_980.0, 5_300_040.0
WIDTH, HEIGHT = 610, 430
SHAPES = {"B4": (10.0, "uint16"), "B8": (10.0, "uint16"), "SCL": (20.0, "uint8")}
"""Pixel side in metres and dtype of each band of a scene."""
GLOBE = rasterio.Affine(0.1, 0, 10.05, 0, -0.1, 50.05)
GLOBE_WIDTH, GLOBE_HEIGHT = 90, 70

CATALOG = f"""
collections:
  {SCENES}:
    images:
{{scenes}}
  {MONTHS}:
    images:
      - files: temperature_{{{{YYYY}}}}{{{{MM}}}}.tif
        index: "{{{{YYYY}}}}{{{{MM}}}}"
        duration: month
        bands:
          temperature_2m: {{{{band: 1}}}}
"""
SCENE = """
      - id: "{date}T100559_{date}T101345_T33UUP"
        start: {day}T10:13:45Z
        properties: {{CLOUDY_PIXEL_PERCENTAGE: {cloudy}, MGRS_TILE: 33UUP}}
        bands:
          B4: {{path: "{date}_B4.tif"}}
          B8: {{path: "{date}_B8.tif"}}
          SCL: {{path: "{date}_SCL.tif", pyramiding: sample}}
"""


@dataclass(frozen=True)
class Rasters:
    """A folder of rasters and the catalogue that serves them."""

    folder: Path
    catalog: Path

    def scene(self, date: str, band: str) -> np.ma.MaskedArray:
        """A band of a scene as rasterio reads it, (row, column), nodata masked."""
        return self._read(f"{date}_{band}.tif")

    def month(self, month: str) -> np.ma.MaskedArray:
        """A month's temperature as rasterio reads it, (row, column), nodata masked."""
        return self._read(f"temperature_{month}.tif")

    def _read(self, name: str) -> np.ma.MaskedArray:
        with rasterio.open(self.folder / name) as file:
            pixels: np.ma.MaskedArray = file.read(1, masked=True)
            return pixels


def index(date: str) -> str:
    """system:index of the scene of a date."""
    return f"{date}T100559_{date}T101345_T33UUP"


def write_rasters(folder: Path) -> Rasters:
    """Random pixels with gaps; the catalogue is catalog.yaml."""
    generator = np.random.default_rng(7)
    for date in DATES:
        for band, (side, dtype) in SHAPES.items():
            shape = (int(HEIGHT * 10 / side), int(WIDTH * 10 / side))
            high = 12 if band == "SCL" else 10_000
            pixels = generator.integers(1, high, shape).astype(dtype)
            pixels[generator.random(shape) < 0.1] = 0
            transform = rasterio.Affine(side, 0, LEFT, 0, -side, TOP)
            _write(folder / f"{date}_{band}.tif", pixels, "EPSG:32633", transform, nodata=0)
    for month in YEAR_MONTHS:
        warmth = generator.normal(285, 8, (GLOBE_HEIGHT, GLOBE_WIDTH)).astype("float32")
        warmth[generator.random(warmth.shape) < 0.2] = -9999
        _write(folder / f"temperature_{month}.tif", warmth, "EPSG:4326", GLOBE, nodata=-9999)
    scenes = "".join(
        SCENE.format(date=date, day=f"{date[:4]}-{date[4:6]}-{date[6:]}", cloudy=10 * number)
        for number, date in enumerate(DATES)
    )
    catalog = folder / "catalog.yaml"
    catalog.write_text(CATALOG.format(scenes=scenes), encoding="utf-8")
    return Rasters(folder, catalog)


def _write(path: Path, pixels: np.ndarray, crs: str, transform: rasterio.Affine, *, nodata: float) -> None:
    profile = {"driver": "GTiff", "count": 1, "dtype": pixels.dtype.name, "crs": crs, "nodata": nodata}
    height, width = pixels.shape
    with rasterio.open(path, "w", width=width, height=height, transform=transform, **profile) as file:
        file.write(pixels, 1)
