"""Products with chips, and a sandbox with classes and images: what tests of sampling share.

What does not belong here: expectations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.found_places import FoundPlaces
from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.steps.chips.plan_samples import PlannedSamples, plan_samples
from eo_pipeline.steps.load_areas import find_beside, find_regions, load_areas
from eo_pipeline.steps.load_regions import load_regions

CRS, LEFT, TOP, RESOLUTION, SIDE = "EPSG:32633", 500_000, 5_200_000, 10, 200
COLLECTION, CLASSES, CLASS_TILES = "local/scenes", "local/classes", "local/class_tiles"
GLOBE = "local/globe"
JANUARY = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC), "2024-01")
FEBRUARY = Period(datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC), "2024-02")


@dataclass(frozen=True)
class Image:
    """One image of the collection: 20 x 20 px."""

    id: str
    start: str
    clouds: int
    column: int
    """Of its first pixel, from LEFT."""


IMAGES = (
    Image("west_early", "2024-01-03T10:00:00Z", 10, 0),
    Image("east_early", "2024-01-03T10:00:00Z", 10, 150),
    Image("west_cloudy", "2024-01-08T10:00:00Z", 90, 0),
    Image("west_last", "2024-01-31T23:59:59Z", 20, 5),
    Image("west_middle", "2024-01-15T10:00:00Z", 20, 0),
    Image("west_next", "2024-02-01T00:00:00Z", 20, 0),
)


def class_pixels() -> NDArray[np.uint8]:
    """Classes (y, x): 10 everywhere, 20 in the eastern half, five pixels of 30, and one masked (0) corner."""
    found = np.full((SIDE, SIDE), 10, np.uint8)
    found[:, SIDE // 2 :] = 20
    found[100, 2:7] = 30
    found[:10, :10] = 0
    return found


def write_world(folder: Path) -> Path:
    """Rasters and the catalogue."""
    _write(folder / "classes.tif", class_pixels(), column=0)
    entries = []
    for image in IMAGES:
        _write(folder / f"{image.id}.tif", np.ones((20, 20), np.uint8), column=image.column)
        entries.append(
            {
                "id": image.id,
                "start": image.start,
                "properties": {"clouds": image.clouds},
                "bands": {"B4": {"path": f"{image.id}.tif"}},
            }
        )
    _write_globe(folder / "globe.tif")
    classes = {"bands": {"Map": {"path": "classes.tif"}}}
    catalog = {
        "collections": {
            COLLECTION: {"images": entries},
            CLASS_TILES: {"images": [{"id": "2021", "start": "2021-01-01T00:00:00Z", **classes}]},
        },
        "images": {CLASSES: classes, GLOBE: {"bands": {"Map": {"path": "globe.tif"}}}},
    }
    (folder / "catalog.yaml").write_text(yaml.safe_dump(catalog), encoding="utf-8")
    return folder / "catalog.yaml"


def _write(path: Path, pixels: NDArray[np.uint8], *, column: int) -> None:
    height, width = pixels.shape
    affine = rasterio.Affine(RESOLUTION, 0, LEFT + column * RESOLUTION, 0, -RESOLUTION, TOP)
    profile = {"driver": "GTiff", "height": height, "width": width, "count": 1, "crs": CRS, "transform": affine}
    with rasterio.open(path, "w", dtype="uint8", nodata=0, **profile) as file:
        file.write(pixels, 1)


def _write_globe(path: Path) -> None:
    """Class 1 everywhere, a degree a pixel."""
    affine = rasterio.Affine(1, 0, -180, 0, -1, 90)
    profile = {"driver": "GTiff", "height": 180, "width": 360, "count": 1, "crs": "EPSG:4326", "transform": affine}
    with rasterio.open(path, "w", dtype="uint8", **profile) as file:
        file.write(np.ones((180, 360), np.uint8), 1)


def write_shapes(folder: Path, shapes: Mapping[str, BaseGeometry], *, crs: str = CRS, **columns: Sequence[Any]) -> str:
    """A file of shapes with the column `name` and others; gives its name."""
    frame = geopandas.GeoDataFrame({"name": list(shapes), **columns}, geometry=list(shapes.values()), crs=crs)
    frame.to_file(folder / "shapes.gpkg", driver="GPKG", layer="shapes")
    return "shapes.gpkg"


def chips_product(area: Mapping[str, Any], **chips: Any) -> Product:
    """A product whose chips are declared so, of images with at most 50 clouds."""
    return Product.model_validate(
        {
            "name": "samples_of_scenes",
            "source": {"collection": COLLECTION, "bands": ["B4"], "where": {"clouds": {"lte": 50}}},
            "period": {"every": "month", "start": "2024-01"},
            "area": {"crs": CRS, "resolution": RESOLUTION, **area},
            "chips": chips,
        }
    )


@dataclass(frozen=True)
class Planned:
    """A product with its areas and regions."""

    product: Product
    areas: Mapping[str, Area]
    regions: Regions
    folder: Path
    session: Session | None = None

    def plan(self, key: str, period: Period = JANUARY, drawn: dict[str, FoundPlaces] | None = None) -> PlannedSamples:
        """The work list of one area."""
        file = self.product.chips.file if self.product.chips else None
        return plan_samples(
            self.product,
            self.areas[key],
            period,
            regions=self.regions,
            places_file=None if file is None else self.folder / file,
            open_session=self._open,
            drawn=drawn,
        )

    def _open(self) -> Session:
        assert self.session is not None, "this way of sampling asks nobody"
        return self.session


def planned(product: Product, folder: Path, session: Session | None = None) -> Planned:
    """Its areas and regions, read from files in a folder."""
    find = find_beside(folder)
    areas = {area.key: area for area in load_areas(product.area, find)}
    regions = load_regions(product.area, areas, find_regions(product.area, find))
    return Planned(product, areas, regions, folder, session)
