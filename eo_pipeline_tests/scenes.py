"""A few small scenes as local rasters behind a sandbox, and the session and bucket of a pipeline at it.

The arrays are the source of expected values: tests compute those from them with plain numpy. What does not belong
here: expectations.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray

from eo_pipeline.core.product import Product
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline.storage.objects import Bucket, open_bucket
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT, make_bucket
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

COLLECTION = "local/scenes"
SCORES = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
CRS, RESOLUTION, LEFT, TOP, ROWS, COLUMNS = "EPSG:32633", 10, 500_000, 5_200_000, 20, 24
BOX = [LEFT, TOP - ROWS * RESOLUTION, LEFT + COLUMNS * RESOLUTION, TOP]
NODATA = 0
"""Of the bands B4 and B8; classes and scores are never masked."""

DAYS = {"2024-01-05": 10, "2024-01-15": 50, "2024-01-25": 90, "2024-02-04": 20}
"""Day of each scene: its CLOUDY_PIXEL_PERCENTAGE."""


@dataclass(frozen=True)
class Scene:
    """One scene's stored numbers (y, x) by band."""

    day: str
    clouds: int
    bands: Mapping[str, NDArray[Any]]

    @property
    def index(self) -> str:
        """Its `system:index`."""
        return self.day.replace("-", "")


def make_scenes(seed: int = 3) -> list[Scene]:
    """Scenes in time order: B4, B8 (0 = masked), SCL (0..11), QA_PIXEL (16 bits), cs_cdf (0..1)."""
    random = np.random.default_rng(seed)
    shape = (ROWS, COLUMNS)

    def reflectance() -> NDArray[np.uint16]:
        stored = random.integers(1, 10_000, shape, dtype=np.uint16)
        stored[random.random(shape) < 0.05] = NODATA
        return stored

    return [
        Scene(
            day,
            clouds,
            {
                "B4": reflectance(),
                "B8": reflectance(),
                "SCL": random.integers(0, 12, shape, dtype=np.uint8),
                "QA_PIXEL": random.integers(0, 2**16, shape, dtype=np.uint16),
                "cs_cdf": random.random(shape).astype(np.float32),
            },
        )
        for day, clouds in DAYS.items()
    ]


def write_raster(
    path: Path, pixels: NDArray[Any], *, nodata: float | None = None, resolution: float = RESOLUTION
) -> None:
    """A GeoTIFF of one band (y, x) whose upper-left corner is that of the scenes."""
    transform = rasterio.Affine(resolution, 0, LEFT, 0, -resolution, TOP)
    height, width = pixels.shape
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 1, "crs": CRS, "nodata": nodata}
    with rasterio.open(path, "w", dtype=pixels.dtype.name, transform=transform, **profile) as file:
        file.write(pixels, 1)


def write_catalog(folder: Path, scenes: list[Scene]) -> Path:
    """Rasters of the scenes and the catalog of two collections over them; gives the catalog."""
    for scene in scenes:
        for band, pixels in scene.bands.items():
            nodata = NODATA if band in ("B4", "B8") else None
            write_raster(folder / f"{scene.index}_{band}.tif", pixels, nodata=nodata)
    optical = [_entry(scene, ("B4", "B8", "SCL", "QA_PIXEL")) for scene in scenes]
    scores = [_entry(scene, ("cs_cdf",)) for scene in scenes]
    catalog = folder / "catalog.yaml"
    collections = {COLLECTION: {"images": optical}, SCORES: {"images": scores}}
    catalog.write_text(yaml.safe_dump({"collections": collections}, sort_keys=False), encoding="utf-8")
    return catalog


def _entry(scene: Scene, bands: tuple[str, ...]) -> dict[str, object]:
    return {
        "id": scene.index,
        "start": f"{scene.day}T10:00:00Z",
        "properties": {"CLOUDY_PIXEL_PERCENTAGE": scene.clouds},
        "bands": {band: {"path": f"{scene.index}_{band}.tif"} for band in bands},
    }


@dataclass(frozen=True)
class Service:
    """A sandbox with the scenes, and a pipeline's connections to it."""

    sandbox: SandboxProcess
    settings: Settings
    session: Session
    bucket: Bucket
    scenes: list[Scene]
    folder: Path

    def started(self) -> list[str]:
        """Names of the operations that were started, oldest first."""
        return [event["name"] for event in self.sandbox.events("operation") if event["state"] == "PENDING"]


@contextmanager
def running_service(folder: Path, **options: Any) -> Iterator[Service]:
    """A sandbox over new scenes, with a bucket.

    Args:
        folder: for rasters and the sandbox's data.
        options: of `running_sandbox`.
    """
    scenes = make_scenes()
    catalog = write_catalog(folder, scenes)
    with running_sandbox(folder / "sandbox", catalog=catalog, **options) as sandbox:
        make_bucket(sandbox.url)
        settings = settings_at(sandbox.url)
        yield Service(sandbox, settings, connect(settings), open_bucket(settings, BUCKET), scenes, folder)


def settings_at(url: str) -> Settings:
    """A deployment whose services are all at one address."""
    return Settings(
        project=PROJECT,
        earth_engine_url=url,
        interactive_url=url,
        storage_url=url,
        drive_url=url,
        credentials="anonymous",
        bucket=BUCKET,
    )


def scenes_product(**sections: object) -> Product:
    """A product of the scenes over their whole extent, one month; sections replace or add."""
    plain = {
        "name": "scenes",
        "source": {"collection": COLLECTION, "bands": ["B4", "B8"]},
        "period": {"every": "month", "start": "2024-01"},
        "area": {"box": BOX, "crs": CRS, "resolution": RESOLUTION, "origin": [LEFT, TOP]},
    }
    return Product.model_validate({name: value for name, value in {**plain, **sections}.items() if value is not None})
