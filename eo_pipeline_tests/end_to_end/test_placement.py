"""Names that mislead, areas that do not align with each other, zones in another CRS and across areas."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import rasterstats
import shapely
import yaml
from numpy.typing import NDArray
from rasterio.transform import from_origin

from eo_pipeline.orchestration.event_log.stored_submissions import read_parts
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, Pipeline, make_bucket, pipeline, storage_client
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

CRS, RESOLUTION, LEFT, TOP, SIDE = "EPSG:32633", 10, 500_000, 5_200_000, 1024
COLLECTION = "projects/sandbox-project/assets/heights"


@dataclass(frozen=True)
class Place:
    sandbox: SandboxProcess
    folder: Path
    instance: dg.DagsterInstance
    pixels: NDArray[np.float32]

    def window(self, left: float, top: float, width: int, height: int) -> NDArray[np.float32]:
        column, row = round((left - LEFT) / RESOLUTION), round((TOP - top) / RESOLUTION)
        return self.pixels[row : row + height, column : column + width]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("placement")
    pixels = np.random.default_rng(7).normal(500, 100, (SIDE, SIDE)).astype(np.float32)
    transform = from_origin(LEFT, TOP, RESOLUTION, RESOLUTION)
    profile: dict[str, Any] = {"driver": "GTiff", "width": SIDE, "height": SIDE, "count": 1, "dtype": "float32"}
    with rasterio.open(folder / "h_202401.tif", "w", **profile, crs=CRS, transform=transform) as dataset:
        dataset.write(pixels, 1)
    entry = {"files": str(folder / "h_{YYYY}{MM}.tif"), "duration": "month", "bands": {"height": {}}}
    (folder / "catalog.yaml").write_text(yaml.safe_dump({"collections": {COLLECTION: {"images": [entry]}}}))
    home = folder / "dagster"
    home.mkdir()
    with (
        running_sandbox(folder / "sandbox", catalog=folder / "catalog.yaml", speed=100) as sandbox,
        dg.DagsterInstance.local_temp(str(home)) as instance,
    ):
        make_bucket(sandbox.url)
        yield Place(sandbox, folder, instance, pixels)


def declaration(name: str, area: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "source": {"collection": COLLECTION, "bands": ["height"]},
        "composite": {"reducer": "mosaic"},
        "period": {"every": "month", "start": "2024-01", "end": "2024-02"},
        "area": {"crs": CRS, "resolution": RESOLUTION} | area,
        **more,
    }


def made(place: Place, product: dict[str, Any]) -> Pipeline:
    found = pipeline(
        product, url=place.sandbox.url, root=place.folder / "data", instance=place.instance, folder=place.folder
    )
    assert found.run(["2024-01"]).failed == {}
    return found


def read(path: Path) -> NDArray[np.float32]:
    with rasterio.open(path) as dataset:
        pixels: NDArray[np.float32] = dataset.read(1)
    return pixels


def test_tiles_are_placed_by_georeferencing_when_their_names_mislead(place: Place) -> None:
    box = [LEFT, TOP - 5120, LEFT + 5120, TOP]
    found = pipeline(
        declaration("misnamed", {"box": box}, export={"file_dimensions": 256, "keep": "always"}),
        url=place.sandbox.url,
        root=place.folder / "data",
        instance=place.instance,
        folder=place.folder,
    )
    assert found.materialise("submission", "whole|2024-01").success
    [part] = read_parts(found.metadata("submission", "whole|2024-01"))
    prefix = part.prefix
    swap_names(place, prefix)
    assert found.run(["2024-01"]).failed == {}
    assert found.metadata("tiles", "whole|2024-01")["tiles"] == 4
    np.testing.assert_array_equal(read(found.mosaic("whole", "2024-01")), place.window(LEFT, TOP, 512, 512))


def swap_names(place: Place, prefix: str) -> None:
    """Wait for the export's four tiles, then give each the name of the one across."""
    bucket = storage_client(place.sandbox.url).bucket(BUCKET)
    for _ in range(100):
        blobs = {blob.name: blob for blob in bucket.list_blobs(prefix=prefix)}
        operations = [e for e in place.sandbox.events("operation") if e["state"] == "SUCCEEDED"]
        if len(blobs) == 4 and operations:
            break
        place.sandbox.control("clock", {"tick": 10})
    assert len(blobs) == 4
    contents = {name: blob.download_as_bytes() for name, blob in blobs.items()}
    names = sorted(contents)
    for name, other in zip(names, reversed(names), strict=True):
        bucket.blob(name).upload_from_string(contents[other])


def test_two_areas_that_do_not_align_with_each_other(place: Place) -> None:
    fields = geopandas.GeoDataFrame(
        {"plot": ["a/1", "b"]},
        geometry=[
            shapely.box(LEFT + 1003, TOP - 3017, LEFT + 2456, TOP - 1239),
            shapely.box(LEFT + 1999, TOP - 4001, LEFT + 3333, TOP - 2001),
        ],
        crs=CRS,
    )
    fields.to_file(place.folder / "plots.gpkg")
    zones = {"file": "plots.gpkg", "id": "plot", "statistics": ["mean", "count"]}
    found = made(place, declaration("plots", {"features": "plots.gpkg", "id": "plot"}, zones=zones))
    first = read(found.mosaic("a~2F1", "2024-01"))
    np.testing.assert_array_equal(first, place.window(LEFT + 1000, TOP - 1230, 146, 179))
    second = read(found.mosaic("b", "2024-01"))
    np.testing.assert_array_equal(second, place.window(LEFT + 1990, TOP - 2000, 135, 201))
    table = pd.read_parquet(found.root / "plots" / "zonal_stats" / "b" / "2024-01.parquet").set_index("plot")
    [wanted] = rasterstats.zonal_stats(
        fields.geometry[1],
        place.pixels.astype(float),  # rasterstats adds float32 in float32
        affine=from_origin(LEFT, TOP, RESOLUTION, RESOLUTION),
        nodata=np.nan,
        stats=["mean", "count"],
    )
    assert table.loc["b", "height_count"] == wanted["count"]
    assert table.loc["b", "height_mean"] == pytest.approx(wanted["mean"], rel=1e-9)


def test_zones_of_another_crs_are_measured_across_areas(place: Place) -> None:
    zone = shapely.Point(LEFT + 2560, TOP - 2560).buffer(1500)
    elsewhere = shapely.box(LEFT + 100_000, TOP, LEFT + 101_000, TOP + 1000)
    web = geopandas.GeoDataFrame({"zone": [7, 8]}, geometry=[zone, elsewhere], crs=CRS).to_crs("EPSG:3857")
    web.to_file(place.folder / "web.gpkg")
    cover = geopandas.GeoDataFrame({"n": [0]}, geometry=[zone], crs=CRS)
    cover.to_file(place.folder / "cover.gpkg")
    area = {"cover": "cover.gpkg", "tile": 256, "origin": [LEFT, TOP]}
    zones = {"file": "web.gpkg", "id": "zone", "statistics": ["mean", "count", "max"]}
    found = made(place, declaration("across", area, zones=zones, cube={"repository": "cubes/across", "shard": 256}))
    assert len(found.chain.areas) == 4
    table = pd.read_parquet(found.table("2024-01").with_suffix(".parquet")).set_index("zone")
    [wanted] = rasterstats.zonal_stats(
        zone, place.pixels, affine=from_origin(LEFT, TOP, RESOLUTION, RESOLUTION), stats=["mean", "count", "max"]
    )
    assert table.loc[7, "height_count"] == pytest.approx(wanted["count"], abs=3)
    assert table.loc[7, "height_mean"] == pytest.approx(wanted["mean"], abs=0.05)
    assert table.loc[8, "height_count"] == 0
    assert table["height_mean"].isna().loc[8]
