"""A product of many tiny areas and days on rasters of its own, as a project folder.

What does not belong here: what runs on it.
"""

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import geopandas
import numpy as np
import rasterio
import shapely
import yaml
from rasterio.transform import from_origin

from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.project import Project

NAME = "many"
COLLECTION = "projects/sandbox-project/assets/days"
CRS, RESOLUTION, LEFT, TOP, CELL = "EPSG:32633", 10, 500_000, 5_200_000, 4


@dataclass(frozen=True)
class Extent:
    """How large the product is.

    Attributes:
        columns, rows: of areas, 4 x 4 pixels each.
        days: from 2024-01-01.
    """

    columns: int
    rows: int
    days: int

    @property
    def partitions(self) -> int:
        """Areas times days."""
        return self.columns * self.rows * self.days

    def bounds(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top in metres."""
        side = CELL * RESOLUTION
        return LEFT, TOP - self.rows * side, LEFT + self.columns * side, TOP


def write_days(folder: Path, extent: Extent) -> Path:
    """A raster a day; gives the path of their catalogue."""
    shape = (extent.rows * CELL, extent.columns * CELL)
    form = {"driver": "GTiff", "height": shape[0], "width": shape[1], "count": 1, "dtype": "float32", "crs": CRS}
    folder.mkdir(parents=True)
    numbers = np.random.default_rng(4)
    for day in days(extent):
        path = folder / f"d_{day.replace('-', '')}.tif"
        with rasterio.open(path, "w", **form, transform=from_origin(LEFT, TOP, RESOLUTION, RESOLUTION)) as raster:
            raster.write(numbers.normal(280, 10, shape).astype(np.float32), 1)
    entry = {"files": str(folder / "d_{YYYY}{MM}{DD}.tif"), "duration": "day", "bands": {"temperature": {}}}
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"collections": {COLLECTION: {"images": [entry]}}}))
    return catalog


def make_fields(folder: Path, extent: Extent) -> Project:
    """What `eo-pipeline init` makes, with the product in place of the example."""
    make_project(folder)
    shutil.rmtree(folder / "products" / "field_ndvi")
    file = folder / "products" / NAME / "defs.yaml"
    file.parent.mkdir()
    geopandas.GeoDataFrame({"id": [1]}, geometry=[shapely.box(*extent.bounds()).buffer(-1)], crs=CRS).to_file(
        file.parent / "cover.geojson"
    )
    component = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": _declaration(extent)}
    file.write_text(yaml.safe_dump(component))
    return Project(folder, folder / "products")


def _declaration(extent: Extent) -> dict[str, object]:
    first, *_, end = days(extent, beyond=1)
    return {
        "name": NAME,
        "source": {"collection": COLLECTION, "bands": ["temperature"]},
        "composite": {"reducer": "mean"},
        "period": {"every": "day", "start": first, "end": end},
        "area": {"cover": "cover.geojson", "crs": CRS, "resolution": RESOLUTION, "tile": CELL},
        "output": {"temperature": {"dtype": "float32"}},
        "export": {"file_dimensions": 256},
    }


def days(extent: Extent, *, beyond: int = 0) -> list[str]:
    """The periods, oldest first, and as many days after them as asked for."""
    first = date(2024, 1, 1)
    return [(first + timedelta(days=number)).isoformat() for number in range(extent.days + beyond)]
