"""A small product of STAC scenes that the sandbox publishes from local rasters, for tests of what is composed here.

What does not belong here: expectations.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import numpy as np
import rasterio
import shapely
import yaml
from numpy.typing import NDArray
from rasterio.transform import from_origin

from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.resources import DataRootResource
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline_tests.end_to_end.pipeline import Pipeline

COLLECTION = "projects/sandbox-project/assets/scenes"
STAC_COLLECTION = COLLECTION.replace("/", "_")
CRS, RESOLUTION, LEFT, TOP = "EPSG:32633", 100, 499_200, 5_196_800
TILE, WIDTH = 64, 128
"""Pixels of an area's side, and of the rasters: two areas side by side."""
NODATA = -9999.0
WEST, EAST = "E0078N0811", "E0079N0811"


def write_scene(folder: Path, day: str, *, seed: int, columns: slice = slice(0, WIDTH)) -> NDArray[np.float32]:
    """The raster `s_YYYYMMDD.tif` of a day over some columns; gives its pixels (y, x) over all, NaN where none are.

    A fifth of the pixels is missing, too.
    """
    random = np.random.default_rng(seed)
    pixels = random.normal(0.5, 0.1, (TILE, WIDTH)).astype(np.float32)
    pixels[random.random(pixels.shape) < 0.2] = np.nan
    part = pixels[:, columns]
    profile: dict[str, Any] = {"driver": "GTiff", "width": part.shape[1], "height": TILE, "count": 1}
    transform = from_origin(LEFT + columns.start * RESOLUTION, TOP, RESOLUTION, RESOLUTION)
    file = folder / f"s_{day.replace('-', '')}.tif"
    with rasterio.open(file, "w", **profile, dtype="float32", nodata=NODATA, crs=CRS, transform=transform) as raster:
        raster.write(np.nan_to_num(part, nan=NODATA), 1)
        raster.set_band_description(1, "height")
    seen = np.full_like(pixels, np.nan)
    seen[:, columns] = part
    return seen


def write_catalog(folder: Path) -> Path:
    """A catalogue of every `s_YYYYMMDD.tif` of a folder, and `cover.geojson` over both areas."""
    width, height = WIDTH * RESOLUTION, TILE * RESOLUTION
    cover = shapely.box(LEFT + 10, TOP - height + 10, LEFT + width - 10, TOP - 10)
    geopandas.GeoDataFrame({"name": ["both"]}, geometry=[cover], crs=CRS).to_file(folder / "cover.geojson")
    entry = {"files": str(folder / "s_{YYYY}{MM}{DD}.tif"), "duration": "day", "bands": {"height": {}}}
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"collections": {COLLECTION: {"images": [entry]}}}))
    return catalog


def declared(name: str = "composed", **more: Any) -> dict[str, Any]:
    """The product: two areas, two months of 2024, one band and its counts."""
    return {
        "name": name,
        "source": {"stac": "https://stac.example.org/v1", "collection": STAC_COLLECTION, "bands": ["height"]},
        "composite": {"reducer": "median", "counts": ["n_obs", "n_valid"]},
        "period": {"every": "month", "start": "2024-01", "end": "2024-03", "recheck_for": "520w"},
        "area": {
            "cover": "cover.geojson",
            "crs": CRS,
            "resolution": RESOLUTION,
            "tile": TILE,
        },
        "output": {"height": {"dtype": "float32"}},
        "cube": {"repository": f"cubes/{name}", "chunk": 32, "shard": 32, "engine": "processes:2"},
        **more,
    }


def composed(
    declaration: Mapping[str, Any], *, url: str, root: Path, instance: dg.DagsterInstance, folder: Path
) -> Pipeline:
    """The product, its definitions and its files; scenes are asked of a sandbox."""
    product = Product.model_validate(declaration)
    resources = {"scenes": ScenesResource(stac_url=f"{url}/stac/v1"), "data_root": DataRootResource(root=str(root))}
    definitions = build_definitions([product], resources=resources, folder=folder)
    chain = load_chain(product, Origin(None, None, (folder,), product.name))
    return Pipeline(chain, definitions, instance, root)


def plain_median(scenes: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Numpy's median of scenes (y, x), NaN where none has a value; an even number gives the mean of the middle two."""
    return np.asarray(np.nanmedian(np.stack(scenes).astype(np.float64), axis=0))
