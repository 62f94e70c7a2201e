"""A sandbox with one local raster, and the real clients pointed at it; each further client has a file of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ee
import numpy as np
import rasterio
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from eo_pipeline_tests.processes import SandboxProcess

PROJECT = "sandbox-project"
IMAGE = "local/numbers"
LEFT, TOP, SIDE = 500000.0, 5300000.0, 10.0
WIDTH, HEIGHT = 700, 500
NODATA = -9999

CATALOG = """
collections:
  local/days:
    properties: {title: Days}
    images:
      - files: day_{YYYY}{MM}{DD}.tif
        duration: day
        bands:
          day: {band: 1}
images:
  local/numbers:
    start: 2024-01-01
    bands:
      numbers: {path: numbers.tif, band: 1}
"""


def numbers() -> np.ndarray:
    """int16 (row, column): 10 * row - column, nodata on every 11th column."""
    row, column = np.mgrid[:HEIGHT, :WIDTH]
    return np.where(column % 11 == 0, NODATA, 10 * row - column).astype("i2")


def write_catalog(folder: Path) -> Path:
    """A catalogue of one image of 700 x 500 pixels and a collection of 25 small ones; gives its file."""
    _write(folder / "numbers.tif", numbers())
    for day in range(1, 26):
        _write(folder / f"day_202405{day:02d}.tif", np.full((4, 5), day, "i2"))
    file = folder / "catalog.yaml"
    file.write_text(CATALOG, encoding="utf-8")
    return file


def _write(path: Path, data: np.ndarray) -> None:
    profile = {"driver": "GTiff", "count": 1, "dtype": "int16", "crs": "EPSG:32633", "nodata": NODATA}
    affine = rasterio.Affine(SIDE, 0, LEFT, 0, -SIDE, TOP)
    with rasterio.open(path, "w", width=data.shape[1], height=data.shape[0], transform=affine, **profile) as file:
        file.write(data, 1)


@dataclass(frozen=True)
class Clients:
    """A sandbox, and unmodified clients of it. `ee` itself is process-wide: one sandbox at a time."""

    server: SandboxProcess
    storage: Any
    """google.cloud.storage.Client."""

    def files(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """Objects whose names begin with a prefix."""
        return {blob.name: blob.download_as_bytes() for blob in self.storage.list_blobs(bucket, prefix=prefix)}


def connect(server: SandboxProcess) -> Clients:
    """Point the clients at a sandbox and make the bucket `tiles`."""
    initialize(server)
    client = storage.Client(project=PROJECT, credentials=anonymous(), client_options={"api_endpoint": server.url})
    if not client.bucket("tiles").exists():
        client.create_bucket("tiles")
    return Clients(server, client)


def anonymous() -> Any:
    """The credentials of a user who has none."""
    return AnonymousCredentials()


def initialize(server: SandboxProcess) -> None:
    """ee.Initialize, as a user without credentials does it."""
    ee.Reset()
    ee.Initialize(anonymous(), url=server.url, project=PROJECT)
    ee.data.setMaxRetries(0)
