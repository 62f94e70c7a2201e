"""Clients' own assets: made, listed, copied, moved, changed, shared and deleted by the real client."""

from collections.abc import Callable
from typing import Any

import ee
import pytest

from eo_pipeline_tests.sandbox.clients import IMAGE, PROJECT, Clients, initialize
from eo_pipeline_tests.sandbox.following import ended

ROOT = f"projects/{PROJECT}/assets"


@pytest.fixture(scope="module")
def folder(clients: Clients) -> str:
    """A folder with a collection of three images, of May 1st to 3rd."""
    assert clients.server.url
    ee.data.createFolder(f"{ROOT}/kept")
    ee.data.createAsset({"type": "IMAGE_COLLECTION", "properties": {"title": "Days"}}, f"{ROOT}/kept/days")
    for day in (1, 2, 3):
        made(ee.Image(f"local/days/2024050{day}"), f"{ROOT}/kept/days/d{day}")
    return f"{ROOT}/kept"


def made(image: Any, asset_id: str, **options: Any) -> dict[str, Any]:
    """The operation of an export of an image on its own grid, once it is done."""
    chosen = {"crs": "EPSG:32633", "crsTransform": [10, 0, 500000, 0, -10, 5300000], **options}
    region = ee.Geometry.Rectangle([500000, 5299960, 500050, 5300000], proj="EPSG:32633", geodesic=False)
    task = ee.batch.Export.image.toAsset(image, description="made", assetId=asset_id, region=region, **chosen)
    task.start()
    return ended(task)


def ids(parent: str, **query: Any) -> list[str]:
    """Last parts of the ids that a listing gives."""
    return [entry["id"].rpartition("/")[2] for entry in ee.data.listAssets({"parent": parent, **query})["assets"]]


def refused(message: str, call: Callable[..., Any], *arguments: Any) -> None:
    """The client is refused in exactly these words."""
    with pytest.raises(ee.EEException) as caught:
        call(*arguments)
    assert str(caught.value) == message


def test_a_root_is_there_and_tells_its_quota(folder: str) -> None:
    before = ee.data.getAssetRootQuota(ROOT)
    ee.data.createFolder(f"{ROOT}/another")
    after = ee.data.getAssetRootQuota(ROOT)
    assert after["asset_count"]["usage"] == before["asset_count"]["usage"] + 1
    assert after["asset_count"]["limit"] == 10_000
    assert after["asset_size"]["limit"] == 250 * 2**30
    assert after["asset_size"]["usage"] > 0
    assert {"kept", "another"} <= {root["id"].rpartition("/")[2] for root in ee.data.getAssetRoots()}
    ee.data.deleteAsset(f"{ROOT}/another")


def test_a_folder_is_listed_page_by_page(folder: str) -> None:
    for name in "cab":
        ee.data.createFolder(f"{folder}/pages_{name}")
    first = ee.data.listAssets({"parent": folder, "pageSize": 2})
    second = ee.data.listAssets({"parent": folder, "pageSize": 2, "pageToken": first["nextPageToken"]})
    listed = [entry["id"] for page in (first, second) for entry in page["assets"]]
    assert listed == [f"{folder}/{name}" for name in ("days", "pages_a", "pages_b", "pages_c")]
    assert "nextPageToken" not in second
    assert [entry["type"] for entry in first["assets"]] == ["IMAGE_COLLECTION", "FOLDER"]


def test_a_collection_is_listed_by_filters(folder: str) -> None:
    days = f"{folder}/days"
    assert ids(days) == ["d1", "d2", "d3"]
    assert ids(days, filter='startTime >= "2024-05-02T00:00:00Z" AND endTime < "2024-05-03T00:00:00Z"') == ["d2"]
    ee.data.updateAsset(
        f"{days}/d2", {"properties": {"grade": 4, "name": "two"}}, ["properties.grade", "properties.name"]
    )
    assert ids(days, filter="properties.grade >= 4") == ["d2"]
    assert ids(days, filter='name = "two"') == ["d2"]
    assert ids(days, filter="grade < 4") == []
    assert ids(days, filter="intersects(\"{'type':'Point','coordinates':[0,0]}\")") == []
    images = ee.data.listImages({"parent": days, "startTime": "2024-05-03T00:00:00Z"})["images"]
    assert images is not None
    assert [(image["id"], image["startTime"]) for image in images] == [(f"{days}/d3", "2024-05-03T00:00:00.000000Z")]


def test_properties_and_times_are_updated(folder: str) -> None:
    image = f"{folder}/days/d1"
    ee.data.setAssetProperties(image, {"a": 1, "b": "x", "list": [1, 2]})
    assert ee.data.getAsset(image)["properties"] == {"a": 1, "b": "x", "list": [1, 2]}
    ee.data.setAssetProperties(image, {"a": None, "c": 2.5})
    assert ee.data.getAsset(image)["properties"] == {"b": "x", "c": 2.5, "list": [1, 2]}
    ee.data.updateAsset(image, {"start_time": "2020-02-03T04:05:06Z"}, ["start_time"])
    assert ee.data.getAsset(image)["startTime"] == "2020-02-03T04:05:06.000000Z"
    assert ee.Image(image).date().format().getInfo() == "2020-02-03T04:05:06"
    assert ee.Image(image).get("c").getInfo() == 2.5
    ee.data.updateAsset(image, {"start_time": "2024-05-01T00:00:00Z", "properties": {}}, ["start_time", "properties"])
    assert ee.data.getAsset(image)["properties"] == {}
    refused(
        "Invalid value at 'update_mask': 'geometry' cannot be updated.", ee.data.updateAsset, image, {}, ["geometry"]
    )


def test_bands_are_renamed(folder: str) -> None:
    image = f"{folder}/days/d3"
    ee.data.updateAsset(image, {"bands": [{"id": "renamed"}]}, ["bands"])
    assert ee.Image(image).bandNames().getInfo() == ["renamed"]
    ee.data.updateAsset(image, {"bands": [{"id": "day"}]}, ["bands"])


def test_images_of_a_collection_are_used_in_graphs(folder: str) -> None:
    collection = ee.ImageCollection(f"{folder}/days")
    assert collection.size().getInfo() == 3
    assert collection.get("title").getInfo() == "Days"
    point = ee.Geometry.Point([15.00029, 47.85321])
    late = collection.filterDate("2024-05-02", "2025-01-01")
    assert late.aggregate_array("system:index").getInfo() == ["d2", "d3"]
    mean = late.select([0]).mean().reduceRegion(ee.Reducer.first(), point, 10, "EPSG:32633").getInfo()
    assert list(mean.values()) == [2.5]


def test_a_copy_outlives_its_source(folder: str) -> None:
    ee.data.copyAsset(f"{folder}/days/d1", f"{folder}/source")
    ee.data.copyAsset(f"{folder}/source", f"{folder}/copy")
    refused(f"Cannot overwrite asset '{folder}/copy'.", ee.data.copyAsset, f"{folder}/source", f"{folder}/copy")
    ee.data.copyAsset(f"{folder}/source", f"{folder}/copy", True)
    ee.data.deleteAsset(f"{folder}/source")
    assert ee.data.getInfo(f"{folder}/source") is None
    point = ee.Geometry.Point([15.00029, 47.85321])
    assert ee.Image(f"{folder}/copy").reduceRegion(ee.Reducer.first(), point, 10).getInfo() == {"day": 1}
    refused(
        f"Cannot copy asset '{folder}/days'; can only copy images or tables.",
        ee.data.copyAsset,
        f"{folder}/days",
        f"{folder}/days2",
    )


def test_a_folder_moves_with_what_is_in_it(folder: str) -> None:
    ee.data.createFolder(f"{folder}/old")
    ee.data.createFolder(f"{folder}/old/inner")
    ee.data.copyAsset(f"{folder}/days/d2", f"{folder}/old/inner/image")
    ee.data.renameAsset(f"{folder}/old", f"{folder}/new")
    assert ee.data.getInfo(f"{folder}/old/inner/image") is None
    assert ids(f"{folder}/new/inner") == ["image"]
    refused(
        f"Cannot move asset '{folder}/new' into itself.", ee.data.renameAsset, f"{folder}/new", f"{folder}/new/inner/x"
    )


def test_only_what_is_empty_is_deleted(folder: str) -> None:
    refused(f"Before trying to delete an asset, delete its children: '{folder}'", ee.data.deleteAsset, folder)
    missing = f"{folder}/nothing"
    refused(f"Asset '{missing}' does not exist or doesn't allow this operation.", ee.data.deleteAsset, missing)


def test_assets_of_others_cannot_be_changed(folder: str) -> None:
    message = f"Permission 'earthengine.assets.delete' denied on resource '{IMAGE}' (or it may not exist)."
    refused(message, ee.data.deleteAsset, IMAGE)
    public = "Permission 'earthengine.assets.create' denied on resource 'mine/all' (or it may not exist)."
    refused(public, ee.data.copyAsset, f"{folder}/days/d1", "mine/all")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("kept", "Cannot overwrite asset '{id}'."),
        ("nowhere/x", "Asset '" + ROOT + "/nowhere' does not exist or doesn't allow this operation."),
        ("a b", "Invalid asset ID '{id}': names may contain only letters, digits, hyphens and underscores."),
        ("..", "Invalid asset ID '{id}': names may contain only letters, digits, hyphens and underscores."),
        (
            "kept/days/x",
            "Cannot create asset '{id}': its parent is not a folder, or is a collection and the asset is no image.",
        ),
    ],
)
def test_an_asset_that_may_not_be_made_is_refused(folder: str, name: str, message: str) -> None:
    assert folder
    refused(message.replace("{id}", f"{ROOT}/{name}"), ee.data.createFolder, f"{ROOT}/{name}")


def test_an_access_list_is_kept(folder: str) -> None:
    assert ee.data.getIamPolicy(folder).get("bindings", []) == []
    ee.data.setAssetAcl(folder, {"readers": ["user:a@example.org"], "writers": [], "all_users_can_read": True})
    acl = ee.data.getAssetAcl(folder)
    assert acl["readers"] == ["user:a@example.org"]
    assert acl["all_users_can_read"] is True
    refused(
        f"Parent of the asset '{folder}/days/d1' is a collection; operation not allowed.",
        ee.data.setIamPolicy,
        f"{folder}/days/d1",
        {"bindings": []},
    )
    refused(
        "Invalid value at 'policy.bindings': expected a list of roles with members.",
        ee.data.setIamPolicy,
        folder,
        {"bindings": [{"role": 3}]},
    )


def test_an_access_list_of_the_catalogue_is_public(folder: str) -> None:
    assert folder
    assert ee.data.getAssetAcl(IMAGE)["all_users_can_read"] is True


def test_a_full_project_is_refused(start_clients: Callable[..., Clients]) -> None:
    clients = start_clients(settings={"asset_quota_count": 2})
    ee.data.createFolder(f"{ROOT}/one")
    ee.data.createFolder(f"{ROOT}/two")
    message = f"Asset count quota of '{ROOT}' exceeded: 2 assets."
    refused(message, ee.data.createFolder, f"{ROOT}/three")
    assert made(ee.Image("local/days/20240501"), f"{ROOT}/three")["error"]["message"] == message
    clients.server.control("settings", {"asset_quota_count": 3, "asset_quota_bytes": 10})
    error = made(ee.Image("local/days/20240501"), f"{ROOT}/three")["error"]
    assert error["message"] == f"Asset storage quota of '{ROOT}' exceeded: 10 bytes."


def test_assets_survive_a_restart(start_sandbox: Callable[..., Any], tmp_path: Any, raster_catalog: Any) -> None:
    data = tmp_path / "sandbox"
    first = start_sandbox(data, catalog=raster_catalog)
    initialize(first)
    ee.data.createAsset({"type": "IMAGE_COLLECTION"}, f"{ROOT}/days")
    made(ee.Image("local/days/20240507"), f"{ROOT}/days/d7")
    ee.data.setAssetProperties(f"{ROOT}/days/d7", {"note": "kept"})
    before = ee.data.getAsset(f"{ROOT}/days/d7")
    first.process.kill()
    first.process.wait()
    initialize(start_sandbox(data, catalog=raster_catalog))
    assert ee.data.getAsset(f"{ROOT}/days/d7") == before
    point = ee.Geometry.Point([15.00029, 47.85321])
    collection = ee.ImageCollection(f"{ROOT}/days").filterDate("2024-05-07", "2024-05-08")
    assert collection.first().reduceRegion(ee.Reducer.first(), point, 10).getInfo() == {"day": 7}
