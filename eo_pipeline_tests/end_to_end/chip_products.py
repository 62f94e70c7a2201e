"""Chips of two regions over two months of heights: what tests of chips share; run as a program, it makes them.

What does not belong here: expectations.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray

from eo_pipeline_tests.end_to_end.heights import COLLECTION, CRS, LEFT, RESOLUTION, TOP, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, pipeline

MONTHS = ("2024-01", "2024-02")
EMPTY = "2024-03"
SIZE, COUNT = 16, 12
NAME = "samples_of_heights"
REGIONS: Mapping[str, shapely.Polygon] = {
    "east": shapely.Polygon([(LEFT + 1500, TOP - 300), (LEFT + 2300, TOP - 300), (LEFT + 2300, TOP - 1900)]),
    "west": shapely.box(LEFT + 300, TOP - 1200, LEFT + 1100, TOP - 300),
}


def write_world(folder: Path) -> Path:
    """Rasters of both months and the regions' file `regions.geojson`; gives the catalogue."""
    for seed, month in enumerate(MONTHS):
        write_month(folder, month, seed=seed)
    columns = {"name": list(REGIONS)}
    geopandas.GeoDataFrame(columns, geometry=list(REGIONS.values()), crs=CRS).to_file(folder / "regions.geojson")
    return write_catalog(folder)


def product_of_regions(name: str, **more: Any) -> dict[str, Any]:
    """Heights of both regions, month by month, to which a section is added."""
    regions = {"features": "regions.geojson", "id": "name", "origin": [LEFT, TOP]}
    return {
        "name": name,
        "source": {"collection": COLLECTION, "bands": ["height"]},
        "composite": {"reducer": "mean"},
        "period": {"every": "month", "start": "2024-01", "end": "2024-04"},
        "area": {**regions, "crs": CRS, "resolution": RESOLUTION},
        "output": {"height": {"dtype": "float32"}},
        **more,
    }


@dataclass(frozen=True)
class Maker:
    """Products at one sandbox, with one history and one root.

    Attributes:
        world: folder of rasters and regions.
        url: of the sandbox.
        root: of results.
        instance: whose event log is the ledger.
    """

    world: Path
    url: str
    root: Path | str
    instance: dg.DagsterInstance

    def chips(self, *, name: str = NAME, **declared: Any) -> Pipeline:
        """The product of chips; fields of its section are replaced."""
        chips = {"count": COUNT, "size": SIZE, **declared}
        return self.pipeline(product_of_regions(name, chips=chips))

    def tiles(self) -> Pipeline:
        """The same image, exported by tasks."""
        return self.pipeline(product_of_regions("tiles_of_heights", export={"file_dimensions": 256}))

    def pipeline(self, declaration: Mapping[str, Any]) -> Pipeline:
        """Any product."""
        return pipeline(declaration, url=self.url, root=self.root, instance=self.instance, folder=self.world)


def samples_of(found: Pipeline, area: str, month: str) -> geopandas.GeoDataFrame:
    """The work list of a partition."""
    return geopandas.read_parquet(found.root / found.chain.product.name / "samples" / area / f"{month}.parquet")


def manifest_of(found: Pipeline, area: str, month: str) -> geopandas.GeoDataFrame:
    """The manifest of a partition, with absolute paths of the chips in `file`."""
    folder = found.root / found.chain.product.name / "chips" / area
    manifest = geopandas.read_parquet(folder / f"{month}.parquet")
    return manifest.assign(file=[folder / path if isinstance(path, str) else None for path in manifest["path"]])


def source_window(folder: Path, month: str, left: float, top: float, size: int = SIZE) -> NDArray[Any]:
    """Pixels (y, x) of a month's raster from a left and an upper edge, read by rasterio; NaN beyond the raster."""
    with rasterio.open(folder / f"h_{month.replace('-', '')}.tif") as dataset:
        row, column = round((TOP - top) / RESOLUTION), round((left - LEFT) / RESOLUTION)
        window = rasterio.windows.Window(column, row, size, size)
        return np.asarray(dataset.read(1, window=window, boundless=True, fill_value=np.nan))


def main(world: str, url: str, root: str, home: str, count: str) -> None:
    """The chips of one region and month, as many as that."""
    with dg.DagsterInstance.local_temp(home) as instance:
        Maker(Path(world), url, root, instance).chips(count=int(count)).run([MONTHS[0]], ["west"])


if __name__ == "__main__":
    main(*sys.argv[1:])
