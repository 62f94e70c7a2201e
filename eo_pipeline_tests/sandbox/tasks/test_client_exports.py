"""The real clients export an image and read its files."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ee
import numpy as np
import pytest
from rasterio.io import MemoryFile
from rasterio.merge import merge

from eo_pipeline_tests.sandbox.clients import HEIGHT, IMAGE, LEFT, NODATA, SIDE, TOP, WIDTH, Clients, numbers
from eo_pipeline_tests.sandbox.following import TRANSFORM, ended, export, state


def mosaic(files: dict[str, bytes]) -> np.ndarray:
    """(row, column): the files put together by rasterio."""
    opened = [MemoryFile(content).open() for content in files.values()]
    data, transform = merge(opened)
    assert tuple(transform)[:6] == tuple(TRANSFORM)
    return np.asarray(data[0])


def test_an_export_succeeds_and_its_files_hold_the_image(clients: Clients) -> None:
    image = ee.Image(IMAGE).unmask(NODATA).toInt16()
    task = export("plain/numbers", image, formatOptions={"noData": NODATA}, priority=7)
    operation = ended(task)
    metadata = operation["metadata"]
    assert metadata["state"] == "SUCCEEDED", operation
    assert metadata["description"] == "plain/numbers"
    assert metadata["type"] == "EXPORT_IMAGE"
    assert metadata["priority"] == 7
    assert metadata["progress"] == 1
    assert metadata["batchEecuUsageSeconds"] == pytest.approx(0.5 * WIDTH * HEIGHT / 1e6)
    assert metadata["destinationUris"] == ["https://console.developers.google.com/storage/browser/tiles/plain/"]
    assert task.status()["state"] == "COMPLETED"
    files = clients.files("tiles", "plain/numbers")
    rows, columns = (0, 256), (0, 256, 512)
    assert sorted(files) == [f"plain/numbers-{row:010d}-{column:010d}.tif" for row in rows for column in columns]
    np.testing.assert_array_equal(mosaic(files), numbers())


def test_the_mosaic_of_the_shards_equals_one_request_for_the_whole(clients: Clients) -> None:
    image = ee.Image(IMAGE).add(ee.Image(IMAGE).multiply(3)).unmask(5).toFloat().sqrt().unmask(-1).toFloat()
    operation = ended(export("whole", image, fileDimensions=[256, 512]))
    assert operation["metadata"]["state"] == "SUCCEEDED", operation
    grid = {
        "crsCode": "EPSG:32633",
        "dimensions": {"width": WIDTH, "height": HEIGHT},
        "affineTransform": {"scaleX": SIDE, "translateX": LEFT, "scaleY": -SIDE, "translateY": TOP},
    }
    whole = ee.data.computePixels({"expression": image, "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    files = clients.files("tiles", "whole")
    assert len(files) == 3
    np.testing.assert_array_equal(mosaic(files), whole["numbers"])


def test_masked_pixels_are_filled_and_cloud_optimised_files_said_so(clients: Clients) -> None:
    operation = ended(export("cog", formatOptions={"cloudOptimized": True}, fileDimensions=1024))
    assert operation["metadata"]["state"] == "SUCCEEDED", operation
    [(name, content)] = clients.files("tiles", "cog").items()
    assert name == "cog.tif"
    with MemoryFile(content) as memory, memory.open() as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.descriptions == ("numbers",)
        np.testing.assert_array_equal(file.read(1), np.where(numbers() == NODATA, 0, numbers()))


def test_every_written_object_is_in_the_journal(clients: Clients) -> None:
    task = export("journal/a", fileDimensions=1024)
    ended(task)
    written = [event for event in clients.server.events("object") if event["operation"] == task.operation_name]
    assert [(event["bucket"], event["name"]) for event in written] == [("tiles", "journal/a.tif")]
    states = [event["state"] for event in clients.server.events("operation") if event["name"] == task.operation_name]
    assert states == ["PENDING", "RUNNING", "SUCCEEDED"]
    lines = (clients.server.data / "journal.jsonl").read_text().splitlines()
    assert len(lines) >= len(written) + len(states)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"maxPixels": 1000}, r"Export too large: specified 350000 pixels \(max: 1000\)\. Specify higher maxPixels"),
        ({"bucket": "nowhere"}, "Cloud Storage bucket 'nowhere' does not exist or caller does not have access"),
    ],
)
def test_a_task_fails_in_the_service_s_words(clients: Clients, options: dict[str, object], message: str) -> None:
    task = export("fails", **options)
    operation = ended(task)
    assert operation["metadata"]["state"] == "FAILED"
    assert re.search(message, operation["error"]["message"])
    assert task.status()["error_message"] == operation["error"]["message"]


def test_bands_of_several_types_fail(clients: Clients) -> None:
    image = ee.Image(IMAGE).toFloat().addBands(ee.Image(IMAGE).toUint16().rename("u"))
    operation = ended(export("types", image))
    assert operation["error"]["message"] == (
        "Exported bands must have compatible data types; found inconsistent types: Float32 and UInt16."
    )


def test_an_unwritable_bucket_fails(clients: Clients) -> None:
    clients.server.control("settings", {"read_only_buckets": ["tiles"]})
    try:
        operation = ended(export("denied"))
    finally:
        clients.server.control("settings", {"read_only_buckets": []})
    assert (
        operation["error"]["message"] == "Permission 'storage.objects.create' denied on Cloud Storage bucket 'tiles'."
    )


def test_the_loop_answers_while_exports_compute(clients: Clients) -> None:
    tasks = [export(f"busy/{number}") for number in range(3)]
    with ThreadPoolExecutor(8) as pool:
        clocks = list(pool.map(lambda _: clients.server.control("clock"), range(40)))
    assert len(clocks) == 40
    assert all(ended(task)["metadata"]["state"] == "SUCCEEDED" for task in tasks)


def scenes() -> Any:
    """A composite of the built-in world's scenes of one place and month."""
    place = ee.Geometry.Point([11.5, 48.1])
    found = ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED").filterDate("2024-06-01", "2024-07-01").filterBounds(place)
    return found.select(["B4", "B8"]).median().toFloat()


def test_the_built_in_world_is_exported(clients: Clients) -> None:
    grid = {"scaleX": 10, "translateX": 690000, "scaleY": -10, "translateY": 5331000}
    region = ee.Geometry.Rectangle([690000, 5330200, 690640, 5331000], proj="EPSG:32632", geodesic=False)
    transform = [10, 0, 690000, 0, -10, 5331000]
    operation = ended(export("world/a", scenes(), region=region, crs="EPSG:32632", crsTransform=transform))
    assert operation["metadata"]["state"] == "SUCCEEDED", operation
    [content] = clients.files("tiles", "world/a").values()
    request = {"crsCode": "EPSG:32632", "dimensions": {"width": 64, "height": 80}, "affineTransform": grid}
    whole = ee.data.computePixels({"expression": scenes(), "fileFormat": "NUMPY_NDARRAY", "grid": request})
    with MemoryFile(content) as memory, memory.open() as file:
        assert file.descriptions == ("B4", "B8")
        assert tuple(file.transform)[:6] == tuple(transform)
        np.testing.assert_array_equal(np.nan_to_num(file.read(1)), whole["B4"])
        np.testing.assert_array_equal(np.nan_to_num(file.read(2)), whole["B8"])
    assert len(np.unique(whole["B8"])) > 100


def test_a_running_export_is_cancelled_and_leaves_nothing(clients: Clients) -> None:
    region = ee.Geometry.Rectangle([650000, 5290000, 700000, 5340000], proj="EPSG:32632", geodesic=False)
    transform = [10, 0, 650000, 0, -10, 5340000]
    task = export("world/cancelled", scenes(), region=region, crs="EPSG:32632", crsTransform=transform)
    while state(task) == "PENDING":
        time.sleep(0.01)
    task.cancel()
    operation = ended(task)
    assert operation["metadata"]["state"] == "CANCELLED"
    assert operation["error"]["code"] == 1
    assert clients.files("tiles", "world/cancelled") == {}
    assert list((clients.server.data / "scratch").iterdir()) == []
