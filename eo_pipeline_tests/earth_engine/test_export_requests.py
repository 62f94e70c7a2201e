"""What each kind of export says on the wire, and that it lands where it says."""

import csv
import io
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import ee
import numpy as np
import rasterio

from eo_pipeline.core import grids, keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.earth_engine import export_requests as requests
from eo_pipeline.earth_engine.operations import get_operation
from eo_pipeline.storage.drive import open_drive
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT, storage_client
from eo_pipeline_tests.scenes import BOX, COLLECTION, COLUMNS, CRS, LEFT, RESOLUTION, ROWS, TOP, Service, scenes_product

LABEL = requests.Label("what people read:eo-1", priority=7)
FILES = requests.GeoTiffs(file_dimensions=256, nodata=0)
DRIVE_PREFIX = keys.drive_prefix(product="scenes", area_key="whole", period_key="2024-01", digest="d" * 40)
BANDS = [BandEncoding("B4", "uint16", nodata=0), BandEncoding("SCL", "uint8", kind="categorical")]
ROOT = f"projects/{PROJECT}/assets"


def grid() -> requests.PixelGrid:
    [area] = grids.whole_area(scenes_product().area.lattice, BOX)
    return requests.PixelGrid(area.geobox, max_pixels=10**9)


def red(service: Service) -> Any:
    """The largest B4, with masks."""
    assert service.session.url
    return ee.ImageCollection(COLLECTION).select(["B4"]).max().toUint16()


def expected(service: Service) -> np.ndarray:
    """(y, x), 0 where no scene has a value."""
    found: np.ndarray = np.max([scene.bands["B4"] for scene in service.scenes], axis=0)
    return found


def table(service: Service) -> Any:
    assert service.session.url
    points = [(14.1, 46.9, "a", 1.5), (14.2, 46.8, "b,c", -2.0)]
    return ee.FeatureCollection(
        [ee.Feature(ee.Geometry.Point([x, y]), {"zone": zone, "mean": mean, "n": 3}) for x, y, zone, mean in points]
    )


ROWS_OF_TABLE = [["mean", "zone"], ["1.5", "a"], ["-2", "b,c"]]


def land(service: Service, send: Callable[..., Any], body: dict[str, Any], request_id: str) -> None:
    """Send a request and follow it to its success."""
    started = Operation.from_json(service.session.call(lambda: send(request_id, body)))
    for _ in range(200):
        found = get_operation(service.session, started.name)
        if found is None or not found.state.active:
            break
        time.sleep(0.05)
    assert found is not None
    assert found.state is State.SUCCEEDED, found


def test_an_image_to_cloud_storage_lands_there(service: Service, tmp_path: Path) -> None:
    body = requests.image_to_cloud_storage(red(service), LABEL, grid(), FILES, bucket=BUCKET, prefix="wire/tile")
    said = {name: value for name, value in body.items() if name != "expression"}
    assert said == {
        "description": "what people read:eo-1",
        "priority": {"value": 7},
        "maxPixels": {"value": "1000000000"},
        "fileExportOptions": {
            "fileFormat": "GEO_TIFF",
            "cloudStorageDestination": {"bucket": BUCKET, "filenamePrefix": "wire/tile"},
            "geoTiffOptions": {"tileDimensions": {"width": 256, "height": 256}, "noData": {"floatValue": 0}},
        },
    }
    land(service, ee.data.exportImage, body, "image-bucket")
    [tile] = service.bucket.list("wire/")
    list(service.bucket.download([(tile, tmp_path / "tile.tif")]))
    check_tile(tmp_path / "tile.tif", expected(service))


def check_tile(path: Path, pixels: np.ndarray) -> None:
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(file.read(1), pixels)
        assert file.nodata == 0
        assert file.crs.to_epsg() == int(CRS.removeprefix("EPSG:"))
        assert file.transform == rasterio.Affine(RESOLUTION, 0, LEFT, 0, -RESOLUTION, TOP)


def test_nan_is_not_said() -> None:
    assert "formatOptions" not in requests.GeoTiffs(file_dimensions=256, nodata=float("nan")).options


def test_an_image_to_drive_lands_there(service: Service, tmp_path: Path) -> None:
    body = requests.image_to_drive(red(service), LABEL, grid(), FILES, folder="eo exports", prefix=DRIVE_PREFIX)
    options = body["fileExportOptions"]
    assert options["driveDestination"] == {"folder": "eo exports", "filenamePrefix": DRIVE_PREFIX}
    assert options["geoTiffOptions"] == {"tileDimensions": {"width": 256, "height": 256}, "noData": {"floatValue": 0}}
    assert (body["description"], body["priority"]) == ("what people read:eo-1", {"value": 7})
    for attempt in ("image-drive-1", "image-drive-2"):
        land(service, ee.data.exportImage, body, attempt)
    drive = open_drive(service.settings, "eo exports")
    [file] = drive.list(DRIVE_PREFIX)
    assert (file.name, len(file.older)) == (f"{DRIVE_PREFIX}.tif", 1)
    [done] = drive.download([(file, tmp_path / "tile.tif")])
    assert done.problem == ""
    check_tile(tmp_path / "tile.tif", expected(service))


def test_an_image_to_an_asset_lands_there_twice(service: Service) -> None:
    image = red(service).addBands(ee.ImageCollection(COLLECTION).select(["SCL"]).first().toUint8())
    body = requests.image_to_asset(image, LABEL, grid(), name=f"{ROOT}/landed", bands=BANDS)
    assert body["assetExportOptions"] == {
        "earthEngineDestination": {"name": f"{ROOT}/landed", "overwrite": True},
        "pyramidingPolicyOverrides": {"B4": "MEAN", "SCL": "MODE"},
    }
    assert body["maxPixels"] == {"value": "1000000000"}
    for attempt in ("image-asset-1", "image-asset-2"):
        land(service, ee.data.exportImage, body, attempt)
    asset = service.session.call(lambda: ee.data.getAsset(f"{ROOT}/landed"))
    assert [band["pyramidingPolicy"] for band in asset["bands"]] == ["MEAN", "MODE"]
    assert asset["bands"][0]["grid"]["dimensions"] == {"width": COLUMNS, "height": ROWS}
    pixels = service.session.call(
        lambda: ee.data.getPixels({"assetId": f"{ROOT}/landed", "fileFormat": "NUMPY_NDARRAY"})
    )
    np.testing.assert_array_equal(pixels["B4"], expected(service))
    np.testing.assert_array_equal(pixels["SCL"], service.scenes[0].bands["SCL"])


def test_counts_are_sampled_into_coarser_levels(service: Service) -> None:
    bands = [BandEncoding("n", "uint8", kind="count")]
    body = requests.image_to_asset(red(service), LABEL, grid(), name=f"{ROOT}/n", bands=bands)
    assert body["assetExportOptions"]["pyramidingPolicyOverrides"] == {"n": "SAMPLE"}


def test_a_table_to_cloud_storage_lands_there(service: Service) -> None:
    body = requests.table_to_cloud_storage(
        table(service), LABEL, bucket=BUCKET, prefix="tables/t", columns=["mean", "zone"]
    )
    assert {name: value for name, value in body.items() if name != "expression"} == {
        "description": "what people read:eo-1",
        "priority": {"value": 7},
        "selectors": ["mean", "zone"],
        "fileExportOptions": {
            "fileFormat": "CSV",
            "cloudStorageDestination": {"bucket": BUCKET, "filenamePrefix": "tables/t"},
        },
    }
    land(service, ee.data.exportTable, body, "table-bucket")
    with closing(storage_client(service.settings.storage_url)) as client:
        text = client.bucket(BUCKET).blob("tables/t.csv").download_as_text()
    assert list(csv.reader(io.StringIO(text))) == ROWS_OF_TABLE


def test_a_table_to_drive_lands_there(service: Service, tmp_path: Path) -> None:
    prefix = keys.drive_prefix(product="scenes", area_key="whole", period_key="2024-01", digest="e" * 40)
    body = requests.table_to_drive(table(service), LABEL, folder="eo tables", prefix=prefix, columns=["mean", "zone"])
    options = body["fileExportOptions"]
    assert options == {"fileFormat": "CSV", "driveDestination": {"folder": "eo tables", "filenamePrefix": prefix}}
    land(service, ee.data.exportTable, body, "table-drive")
    drive = open_drive(service.settings, "eo tables")
    [file] = drive.list(prefix)
    assert file.name == f"{prefix}.csv"
    list(drive.download([(file, tmp_path / "t.csv")]))
    assert list(csv.reader(io.StringIO((tmp_path / "t.csv").read_text()))) == ROWS_OF_TABLE


def test_a_table_to_an_asset_lands_there(service: Service) -> None:
    body = requests.table_to_asset(table(service), LABEL, name=f"{ROOT}/table")
    assert {name: value for name, value in body.items() if name != "expression"} == {
        "description": "what people read:eo-1",
        "priority": {"value": 7},
        "assetExportOptions": {"earthEngineDestination": {"name": f"{ROOT}/table", "overwrite": True}},
    }
    land(service, ee.data.exportTable, body, "table-asset")
    rows = service.session.compute(ee.FeatureCollection(f"{ROOT}/table").aggregate_array("mean"))
    assert sorted(rows) == [-2.0, 1.5]
