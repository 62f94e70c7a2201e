"""A sandbox process that serves a few tiny rasters, for benchmarks of the chain.

What does not belong here: what is measured. The sandbox is reached over HTTP only.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin

COLLECTION = "BENCHMARK/TEMPERATURE"
BAND = "temperature"
CRS = "EPSG:32633"
RESOLUTION = 10.0
PIXELS = 32
LEFT, TOP = 500_000.0, 5_000_320.0
BUCKET = "benchmark"
CATALOG = f"""
collections:
  {COLLECTION}:
    images:
      - {{files: "{{YYYY}}{{MM}}.tif", index: "{{YYYY}}{{MM}}", duration: month, bands: {{{BAND}: {{band: 1}}}}}}
"""


def write_months(folder: Path, months: list[str]) -> Path:
    """Writes a raster of PIXELS x PIXELS float32 for each month (YYYY-MM); returns the path of the catalogue."""
    values = np.random.default_rng(seed=1).normal(280, 10, (len(months), PIXELS, PIXELS)).astype("float32")
    transform = from_origin(LEFT, TOP, RESOLUTION, RESOLUTION)
    for month, pixels in zip(months, values, strict=True):
        path = folder / f"{month.replace('-', '')}.tif"
        form = {"driver": "GTiff", "dtype": "float32", "count": 1, "crs": CRS, "transform": transform}
        with rasterio.open(path, "w", width=PIXELS, height=PIXELS, **form) as raster:
            raster.write(pixels, 1)
    catalog = folder / "catalog.yaml"
    catalog.write_text(CATALOG)
    return catalog


@contextmanager
def serving(catalog: Path, data: Path) -> Iterator[dict[str, str]]:
    """The settings (EO_* variables) with which the chain reaches a sandbox that runs meanwhile."""
    options = ["--port", "0", "--data", str(data), "--catalog", str(catalog)]
    command = [sys.executable, "-m", "eo_pipeline.sandbox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - asked for by stdout=PIPE
            url = process.stdout.readline().split()[-1]
            _make_bucket(url)
            yield {
                "EO_EARTH_ENGINE_URL": url,
                "EO_STORAGE_URL": url,
                "EO_CREDENTIALS": "anonymous",
                "EO_PROJECT": "benchmark",
                "EO_BUCKET": BUCKET,
            }
        finally:
            process.terminate()


def _make_bucket(url: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - the address is the sandbox's own, on this machine
        f"{url}/storage/v1/b?project=benchmark",
        data=json.dumps({"name": BUCKET}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310 - as above
        pass
