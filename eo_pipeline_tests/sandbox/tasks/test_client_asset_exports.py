"""Exports to assets by the real client: their pixels, levels, features, and that none is ever half visible."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline_tests.sandbox.clients import HEIGHT, IMAGE, NODATA, PROJECT, WIDTH, Clients, initialize, numbers
from eo_pipeline_tests.sandbox.following import TRANSFORM, ended, state, whole_region

ROOT = f"projects/{PROJECT}/assets"
POINTS = [(15.001, 47.851), (15.002, 47.852), (15.003, 47.853)]


def exported(asset_id: str, image: Any = None, **options: Any) -> Any:
    """A started task that exports the whole image."""
    chosen = {"crs": "EPSG:32633", "crsTransform": TRANSFORM, "region": whole_region(), **options}
    picture = ee.Image(IMAGE) if image is None else image
    task = ee.batch.Export.image.toAsset(picture, description="asset", assetId=asset_id, **chosen)
    task.start()
    return task


def stored(features: Any, asset_id: str) -> dict[str, Any]:
    """The ended operation of a table's export."""
    task = ee.batch.Export.table.toAsset(features, description="table", assetId=asset_id)
    task.start()
    return ended(task)


def pixels(asset_id: str, *, level: int = 0) -> np.ndarray:
    """All pixels of an asset on its grid, or on one whose pixels are 2**level larger."""
    size = 2**level
    scale_x, _, left, _, scale_y, top = TRANSFORM
    affine = {"scaleX": scale_x * size, "translateX": left, "scaleY": scale_y * size, "translateY": top}
    dimensions = {"width": WIDTH // size, "height": HEIGHT // size}
    grid = {"crsCode": "EPSG:32633", "dimensions": dimensions, "affineTransform": affine}
    array: np.ndarray = ee.data.getPixels({"assetId": asset_id, "fileFormat": "NUMPY_NDARRAY", "grid": grid})
    return array


def valid(asset_id: str) -> np.ndarray:
    """Where an asset is valid, on its grid."""
    expression = ee.Image(asset_id).select(0).mask().gt(0).rename("valid")
    scale_x, _, left, _, scale_y, top = TRANSFORM
    affine = {"scaleX": scale_x, "translateX": left, "scaleY": scale_y, "translateY": top}
    grid = {
        "crsCode": "EPSG:32633",
        "dimensions": {"width": WIDTH, "height": HEIGHT},
        "affineTransform": affine,
    }
    request = {"expression": expression, "fileFormat": "NUMPY_NDARRAY", "grid": grid}
    array: np.ndarray = ee.data.computePixels(request)["valid"]
    return array > 0


def test_an_asset_holds_the_image_s_pixels(clients: Clients) -> None:
    assert clients.server.url
    image = (
        ee.Image(IMAGE)
        .addBands(ee.Image(IMAGE).toDouble().divide(4).rename("quarter"))
        .set("kind", "test", "list", [1, 2])
    )
    operation = ended(exported(f"{ROOT}/whole", image))
    assert operation["metadata"]["destinationUris"] == [f"https://code.earthengine.google.com/?asset={ROOT}/whole"]
    want = numbers().astype(float)
    found = pixels(f"{ROOT}/whole")
    np.testing.assert_array_equal(found["numbers"], np.where(want == NODATA, 0, want))
    np.testing.assert_array_equal(found["quarter"], np.where(want == NODATA, 0, want / 4))
    np.testing.assert_array_equal(valid(f"{ROOT}/whole"), want != NODATA)
    asset = ee.data.getAsset(f"{ROOT}/whole")
    assert asset["properties"] == {"kind": "test", "list": [1, 2]}
    assert asset["startTime"] == "2024-01-01T00:00:00.000000Z"
    assert [band["dataType"]["precision"] for band in asset["bands"]] == ["INT", "DOUBLE"]
    assert asset["bands"][0]["grid"]["dimensions"] == {"width": WIDTH, "height": HEIGHT}
    assert int(asset["sizeBytes"]) > 0


def blocks(size: int) -> np.ma.MaskedArray:
    """Pixels of whole blocks: (row, column, row in the block, column in the block)."""
    rows, columns = HEIGHT // size, WIDTH // size
    whole = np.ma.masked_equal(numbers(), NODATA)[: rows * size, : columns * size]
    cut: np.ma.MaskedArray = whole.reshape(rows, size, columns, size).swapaxes(1, 2)
    return cut


def test_levels_are_made_as_the_policy_says(clients: Clients) -> None:
    """Level 1 is the top of this pyramid (700 x 500); its pixels compared with numpy over blocks of 2 x 2."""
    assert clients.server.url
    image = ee.Image.cat([ee.Image(IMAGE).rename(name) for name in ("mean", "min", "max", "median", "sample")])
    policies = {name: name for name in ("min", "max", "median")}
    task = exported(f"{ROOT}/levels", image, pyramidingPolicy={".default": "mean", "sample": "sample", **policies})
    assert "error" not in ended(task)
    found, two = pixels(f"{ROOT}/levels", level=1), blocks(2)
    low, high, mean = two.min(axis=(2, 3)), two.max(axis=(2, 3)), two.mean(axis=(2, 3))
    known = ~np.ma.getmaskarray(low)
    np.testing.assert_array_equal(found["min"][known], low[known])
    np.testing.assert_array_equal(found["max"][known], high[known])
    np.testing.assert_array_equal(found["mean"][known], np.rint(mean)[known])
    np.testing.assert_array_equal(found["sample"], np.ma.filled(two[..., 0, 0], 0))
    flat = np.sort(np.where(np.ma.getmaskarray(two), 99999, two.data.astype(int)).reshape(*low.shape, 4), axis=-1)
    middle = (np.maximum((flat < 99999).sum(axis=-1), 1) - 1) // 2
    lower = np.take_along_axis(flat, middle[..., None], axis=-1)[..., 0]
    np.testing.assert_array_equal(found["median"][known], lower[known])
    named = {band["id"]: band["pyramidingPolicy"] for band in ee.data.getAsset(f"{ROOT}/levels")["bands"]}
    assert named == {name: name.upper() for name in ("mean", "min", "max", "median", "sample")}


def test_a_taken_id_ends_the_task(clients: Clients) -> None:
    assert clients.server.url
    ended(exported(f"{ROOT}/taken"))
    operation = ended(exported(f"{ROOT}/taken", ee.Image(IMAGE).multiply(2)))
    assert operation["metadata"]["state"] == "FAILED"
    assert operation["error"]["message"] == f"Cannot overwrite asset '{ROOT}/taken'."
    replaced = ended(exported(f"{ROOT}/taken", ee.Image(IMAGE).multiply(2), overwrite=True))
    assert replaced["metadata"]["state"] == "SUCCEEDED"
    assert pixels(f"{ROOT}/taken")["numbers"][20, 1] == 2 * (10 * 20 - 1)


def test_a_table_is_stored_and_used(clients: Clients) -> None:
    """The features come back in order, with their values and shapes, and can be filtered."""
    assert clients.server.url
    features = ee.FeatureCollection(
        [ee.Feature(ee.Geometry.Point(at), {"number": place, "name": f"p{place}"}) for place, at in enumerate(POINTS)]
    )
    operation = stored(features, f"{ROOT}/points")
    assert operation["metadata"]["state"] == "SUCCEEDED"
    assert operation["metadata"]["type"] == "EXPORT_FEATURES"
    assert ee.data.getAsset(f"{ROOT}/points")["type"] == "TABLE"
    table = ee.FeatureCollection(f"{ROOT}/points")
    info = table.getInfo()
    assert [feature["properties"] for feature in info["features"]] == [
        {"number": place, "name": f"p{place}"} for place in range(3)
    ]
    assert [tuple(feature["geometry"]["coordinates"]) for feature in info["features"]] == POINTS
    assert table.filter(ee.Filter.gte("number", 1)).aggregate_array("name").getInfo() == ["p1", "p2"]
    first: dict[str, Any] = ee.data.computeFeatures({"expression": table, "pageSize": 2})
    second = ee.data.computeFeatures({"expression": table, "pageSize": 2, "pageToken": first["nextPageToken"]})
    assert [row["properties"]["number"] for page in (first, second) for row in page["features"]] == [0, 1, 2]


def test_features_of_a_table_are_listed(clients: Clients) -> None:
    assert clients.server.url
    features = [ee.Feature(ee.Geometry.Point(at), {"number": place}) for place, at in enumerate(POINTS)]
    stored(ee.FeatureCollection(features), f"{ROOT}/listed")

    def listed(**query: Any) -> tuple[list[int], str | None]:
        page = ee.data.listFeatures({"assetId": f"{ROOT}/listed", **query})
        return [row["properties"]["number"] for row in page["features"]], page.get("nextPageToken")

    first, token = listed(pageSize=2)
    assert (first, listed(pageSize=2, pageToken=token)) == ([0, 1], ([2], None))
    assert listed(filter="number >= 1") == ([1, 2], None)
    around = {
        "type": "Polygon",
        "coordinates": [[[15.0015, 47], [15.0025, 47], [15.0025, 48], [15.0015, 48], [15.0015, 47]]],
    }
    assert listed(region=json.dumps(around)) == ([1], None)
    with pytest.raises(ee.EEException, match="not found"):
        ee.data.listFeatures({"assetId": f"{ROOT}/nowhere"})
    with pytest.raises(ee.EEException, match="Invalid filter"):
        listed(region="everywhere")


def test_stored_zones_measure_like_computed_ones(clients: Clients) -> None:
    """Two rectangles of whole pixels, edges straight in UTM; means by numpy."""
    assert clients.server.url
    boxes = {"west": (20, 40, 30, 60), "east": (300, 340, 100, 130)}
    scale, left, top = TRANSFORM[0], TRANSFORM[2], TRANSFORM[5]
    features = [
        ee.Feature(
            ee.Geometry.Rectangle(
                [left + x0 * scale, top - y1 * scale, left + x1 * scale, top - y0 * scale], "EPSG:32633", False
            ),
            {"name": name},
        )
        for name, (x0, x1, y0, y1) in boxes.items()
    ]
    stored(ee.FeatureCollection(features), f"{ROOT}/zones")
    zones = ee.FeatureCollection(f"{ROOT}/zones")
    measured = ee.Image(IMAGE).reduceRegions(zones, ee.Reducer.mean(), crs="EPSG:32633", crsTransform=TRANSFORM)
    found = {row["properties"]["name"]: row["properties"]["mean"] for row in measured.getInfo()["features"]}
    pixels_ = np.ma.masked_equal(numbers(), NODATA)
    for name, (x0, x1, y0, y1) in boxes.items():
        assert found[name] == pytest.approx(pixels_[y0:y1, x0:x1].mean())


def test_features_without_a_shape_are_refused(clients: Clients) -> None:
    assert clients.server.url
    operation = stored(ee.FeatureCollection([ee.Feature(None, {"a": 1})]), f"{ROOT}/shapeless")
    assert operation["error"]["message"] == "Unable to export features with null geometry."
    assert ee.data.getInfo(f"{ROOT}/shapeless") is None


def test_bodies_are_refused_before_they_are_queued(clients: Clients) -> None:
    assert clients.server.url
    with pytest.raises(ee.EEException, match="PyramidingPolicy"):
        exported(f"{ROOT}/policy", pyramidingPolicy={"numbers": "loudest"})
    too_large = ended(exported(f"{ROOT}/large", maxPixels=1000))
    assert too_large["error"]["message"].startswith("Export too large: specified 350000 pixels (max: 1000).")


def large(asset_id: str) -> Any:
    """A started export of the built-in world that takes a while."""
    region = ee.Geometry.Rectangle([650000, 5290000, 700000, 5340000], proj="EPSG:32632", geodesic=False)
    scenes = (
        ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED")
        .filterDate("2024-06-01", "2024-06-20")
        .filterBounds(region)
        .select(["B4"])
        .median()
    )
    transform = [10, 0, 650000, 0, -10, 5340000]
    return exported(asset_id, scenes, region=region, crs="EPSG:32632", crsTransform=transform)


def wait_until_running(task: Any) -> None:
    deadline = time.monotonic() + 30
    while state(task) == "PENDING" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert state(task) == "RUNNING"


def test_a_cancelled_export_leaves_nothing(clients: Clients) -> None:
    task = large(f"{ROOT}/cancelled")
    wait_until_running(task)
    assert ee.data.getInfo(f"{ROOT}/cancelled") is None
    task.cancel()
    assert ended(task)["metadata"]["state"] == "CANCELLED"
    assert ee.data.getInfo(f"{ROOT}/cancelled") is None
    assert list((clients.server.data / "assets" / "staging").iterdir()) == []


def test_an_export_killed_on_the_way_is_never_half_visible(
    start_sandbox: Callable[..., Any], tmp_path: Path, raster_catalog: Path
) -> None:
    """Killed without warning while it writes: nothing is visible after the start, until the export ends by itself."""
    data = tmp_path / "sandbox"
    first = start_sandbox(data, catalog=raster_catalog, settings={"export_window": 20})
    initialize(first)
    task = exported(f"{ROOT}/killed")
    wait_until_running(task)
    first.process.kill()
    first.process.wait()
    assert list((data / "assets" / "staging").iterdir()) != []
    assert list((data / "assets" / "records").glob("*.json")) == []
    second = start_sandbox(data, catalog=raster_catalog, settings={"export_window": 200})
    initialize(second)
    assert ended(task)["metadata"]["state"] == "SUCCEEDED"
    want = numbers()
    np.testing.assert_array_equal(pixels(f"{ROOT}/killed")["numbers"], np.where(want == NODATA, 0, want))
    assert list((data / "assets" / "staging").iterdir()) == []


def test_an_asset_made_just_before_the_end_is_not_refused_after_the_start(
    start_sandbox: Callable[..., Any], tmp_path: Path, raster_catalog: Path
) -> None:
    """The process dies after the asset appeared and before its operation was recorded as ended."""
    data = tmp_path / "sandbox"
    settings = {"running_seconds": 3600.0}
    first = start_sandbox(data, catalog=raster_catalog, settings=settings)
    initialize(first)
    task = exported(f"{ROOT}/early")
    deadline = time.monotonic() + 30
    while ee.data.getInfo(f"{ROOT}/early") is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert state(task) == "RUNNING"
    version = ee.Image(f"{ROOT}/early").get("system:version").getInfo()
    first.process.kill()
    first.process.wait()
    initialize(start_sandbox(data, catalog=raster_catalog))
    assert ended(task)["metadata"]["state"] == "SUCCEEDED"
    assert ee.Image(f"{ROOT}/early").get("system:version").getInfo() == version
