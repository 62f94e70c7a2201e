"""The project that chaos works on: one product in four areas, the rasters it is made of, its settings.

What does not belong here: what happens to it.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import rasterio
import shapely
import yaml
from rasterio.transform import from_origin

from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.project import Project
from eo_pipeline.orchestration.chain import Chain

PRODUCT = "heights"
COLLECTION = "projects/sandbox-project/assets/heights"
CRS, RESOLUTION, LEFT, TOP = "EPSG:32633", 10, 500_000, 5_200_000
SIDE = 1024
"""Pixels a side of everything."""
AREA_SIDE = 512
AREAS = (SIDE // AREA_SIDE) ** 2
FILE_SIDE = 256
"""Pixels a side of a tile: four tiles an area."""
FIRST_YEAR = 2014


@dataclass(frozen=True)
class World:
    """What is there before anything runs.

    Attributes:
        project: made by `eo-pipeline init`, with one product.
        catalog: of the rasters, for the sandbox.
        months: keys of the periods.
    """

    project: Project
    catalog: Path
    months: tuple[str, ...]

    @property
    def chain(self) -> Chain:
        """The product's chain."""
        return self.project.chain(PRODUCT)

    @property
    def waves(self) -> list[list[str]]:
        """Every `area|month`, an area at a time: as few runs as the backfill allows."""
        return [[f"{area}|{month}" for month in self.months] for area in self.chain.areas]


def make_world(folder: Path, *, partitions: int, seed: int) -> World:
    """Make project and rasters; the number of partitions is rounded up to whole months."""
    months = months_from(FIRST_YEAR, -(-partitions // AREAS))
    project = folder / "project"
    make_project(project)
    shutil.rmtree(project / "products" / "field_ndvi")
    _write_regions(project / "regions")
    _write_product(project / "products" / PRODUCT, months)
    rasters = folder / "rasters"
    rasters.mkdir()
    for number, month in enumerate(months):
        write_month(rasters, month, seed=seed * 1000 + number)
    return World(Project(project, project / "products"), _write_catalog(rasters), months)


def months_from(year: int, count: int) -> tuple[str, ...]:
    """Keys of so many months from January of a year."""
    return tuple(f"{year + number // 12}-{number % 12 + 1:02d}" for number in range(count))


def declaration(months: Sequence[str]) -> dict[str, Any]:
    """The product: 512 x 512 pixels an area, four tiles each, all stages."""
    year, month = (int(part) for part in months[-1].split("-"))
    end = f"{year + month // 12}-{month % 12 + 1:02d}"
    return {
        "source": {"collection": COLLECTION, "bands": ["height"]},
        "composite": {"reducer": "mean"},
        "period": {"every": "month", "start": months[0], "end": end},
        "area": {
            "cover": "regions/cover.geojson",
            "crs": CRS,
            "resolution": RESOLUTION,
            "origin": [LEFT, TOP],
            "tile": AREA_SIDE,
        },
        "output": {"height": {"dtype": "float32"}},
        "zones": {"file": "regions/zones.geojson", "id": "name", "statistics": ["mean", "count", "max"]},
        "cube": {"repository": f"cubes/{PRODUCT}", "chunk": FILE_SIDE, "shard": AREA_SIDE},
        "export": {"file_dimensions": FILE_SIDE},
    }


def _write_product(folder: Path, months: Sequence[str]) -> None:
    folder.mkdir()
    component = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": declaration(months)}
    (folder / "defs.yaml").write_text(yaml.safe_dump(component))


def _write_regions(folder: Path) -> None:
    side = SIDE * RESOLUTION
    cover = shapely.box(LEFT + 100, TOP - side + 100, LEFT + side - 100, TOP - 100)
    geopandas.GeoDataFrame({"name": ["all"]}, geometry=[cover], crs=CRS).to_file(folder / "cover.geojson")
    zones = [shapely.box(LEFT + 200, TOP - 1000, LEFT + 900, TOP - 300), cover.buffer(-2000)]
    geopandas.GeoDataFrame({"name": ["field", "middle"]}, geometry=zones, crs=CRS).to_file(folder / "zones.geojson")


def write_month(folder: Path, month: str, *, seed: int) -> None:
    """The raster `h_YYYYMM.tif` of a month: noise that no two months share."""
    pixels = np.random.default_rng(seed).normal(500, 100, (SIDE, SIDE)).astype(np.float32)
    profile: dict[str, Any] = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 1, "dtype": "float32"}
    transform = from_origin(LEFT, TOP, RESOLUTION, RESOLUTION)
    path = folder / f"h_{month.replace('-', '')}.tif"
    with rasterio.open(path, "w", **profile, crs=CRS, transform=transform, tiled=True) as file:
        file.write(pixels, 1)


def _write_catalog(rasters: Path) -> Path:
    entry = {"files": str(rasters / "h_{YYYY}{MM}.tif"), "duration": "month", "bands": {"height": {}}}
    catalog = rasters / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"collections": {COLLECTION: {"images": [entry]}}}))
    return catalog
