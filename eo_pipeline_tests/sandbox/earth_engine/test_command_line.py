"""The `earthengine` command line, unmodified, in processes of its own, against a sandbox."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile

from eo_pipeline.sandbox.cloud_storage.keys import write_service_account
from eo_pipeline_tests.sandbox.clients import PROJECT, Clients
from eo_pipeline_tests.sandbox.following import ended, export

ROOT = f"projects/{PROJECT}/assets"
_NO_PROXY = {"NO_PROXY": "*", "no_proxy": "*"}

Run = Callable[..., str]
"""Runs a command and gives what it printed."""


@pytest.fixture(scope="module")
def earthengine(clients: Clients, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The program with a key and a configuration of its own; `fails=True` expects an error."""
    folder = tmp_path_factory.mktemp("earthengine")
    key = write_service_account(clients.server.url, folder, project=PROJECT)
    config = folder / "config.json"
    config.write_text(json.dumps({"url": clients.server.url, "project": PROJECT}), encoding="utf-8")
    environment = {**os.environ, **_NO_PROXY, "HOME": str(folder), "EE_CONFIG_FILE": str(config)}
    program = [str(Path(sys.executable).with_name("earthengine")), "--service_account_file", str(key)]

    def run(*arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [*program, *arguments], env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode != 0) == fails, (done.stdout, done.stderr)
        return done.stdout

    return run


def test_folders_are_made_listed_and_removed(earthengine: Run) -> None:
    earthengine("create", "folder", "-p", f"{ROOT}/cli/inner")
    earthengine("create", "collection", f"{ROOT}/cli/days")
    assert earthengine("ls", "-l", f"{ROOT}/cli").splitlines() == [
        f"[ImageCollection]  {ROOT}/cli/days",
        f"[Folder]           {ROOT}/cli/inner",
    ]
    assert f"{ROOT}/cli" in earthengine("ls").splitlines()
    earthengine("mv", f"{ROOT}/cli/inner", f"{ROOT}/cli/moved")
    earthengine("rm", "-r", f"{ROOT}/cli")
    assert ee.data.getInfo(f"{ROOT}/cli") is None


class Uploaded:
    """A task as the command line names it."""

    def __init__(self, task_id: str) -> None:
        self.operation_name = f"projects/{PROJECT}/operations/{task_id}"


def put_image(clients: Clients) -> str:
    """A GeoTIFF of 30 x 40 pixels in the bucket; gives its address."""
    data = np.arange(1200).reshape(1, 30, 40).astype("u2")
    affine = rasterio.Affine(10, 0, 500000, 0, -10, 5300000)
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=40, height=30, count=1, dtype="uint16", crs="EPSG:32633", transform=affine
        ) as file:
            file.write(data)
        clients.storage.bucket("tiles").blob("cli.tif").upload_from_string(bytes(memory.read()))
    return "gs://tiles/cli.tif"


def test_an_image_is_uploaded_shown_copied_and_changed(earthengine: Run, clients: Clients) -> None:
    address, image = put_image(clients), f"{ROOT}/uploaded"
    options = ["--nodata_value", "7", "--bands", "level", "--time_start", "2024-01-02", "-p", "origin=test"]
    printed = earthengine("upload", "image", f"--asset_id={image}", *options, address)
    assert "error" not in ended(Uploaded(printed.split()[-1]))
    info = json.loads(earthengine("asset", "info", image))
    assert (info["type"], info["id"], info["startTime"]) == ("IMAGE", image, "2024-01-02T00:00:00.000000Z")
    assert info["properties"] == {"origin": "test"}
    assert [band["id"] for band in info["bands"]] == ["level"]
    found = ee.data.getPixels({"assetId": image, "fileFormat": "NUMPY_NDARRAY"})
    np.testing.assert_array_equal(found["level"].ravel(), np.where(np.arange(1200) == 7, 0, np.arange(1200)))
    earthengine("asset", "set", "-p", "grade=3", "--time_start", "2024-02-03", image)
    assert ee.data.getAsset(image)["properties"] == {"origin": "test", "grade": 3}
    earthengine("cp", image, f"{ROOT}/copied")
    refused = earthengine("cp", image, f"{ROOT}/copied", fails=True)
    assert refused == f"Cannot overwrite asset '{ROOT}/copied'.\n"
    earthengine("rm", f"{ROOT}/copied", image)
    assert ee.data.getInfo(image) is None


def test_a_missing_asset_is_an_error(earthengine: Run) -> None:
    name = f"{ROOT}/nothing"
    assert earthengine("asset", "info", name, fails=True) == f"Asset does not exist or is not accessible: {name}\n"


def test_an_access_list_is_set_and_shown(earthengine: Run) -> None:
    ee.data.createFolder(f"{ROOT}/shared")
    earthengine("acl", "set", "public", f"{ROOT}/shared")
    assert json.loads(earthengine("acl", "get", f"{ROOT}/shared"))["all_users_can_read"] is True
    earthengine("acl", "ch", "-u", "a@example.org:R", f"{ROOT}/shared")
    assert json.loads(earthengine("acl", "get", f"{ROOT}/shared"))["readers"] == ["user:a@example.org"]


def test_tasks_are_listed_and_shown(earthengine: Run) -> None:
    task = export("cli/listed")
    ended(task)
    [line] = [line for line in earthengine("task", "list", "-s", "SUCCEEDED").splitlines() if task.id in line]
    assert line.split()[:4] == [task.id, "Export.image", "cli/listed", "SUCCEEDED"]
    info = earthengine("task", "info", task.id)
    assert "State: SUCCEEDED" in info
    assert "Description: cli/listed" in info
    assert "ended at state: SUCCEEDED" in earthengine("task", "wait", task.id)


def running_export() -> Any:
    """A started export of the built-in world that takes a while."""
    region = ee.Geometry.Rectangle([650000, 5290000, 700000, 5340000], proj="EPSG:32632", geodesic=False)
    scenes = ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED").filterDate("2024-06-01", "2024-06-20")
    image = scenes.filterBounds(region).select(["B4"]).median()
    return export(
        "cli/cancelled", image, region=region, crs="EPSG:32632", crsTransform=[10, 0, 650000, 0, -10, 5340000]
    )


def test_a_task_is_cancelled(earthengine: Run) -> None:
    task = running_export()
    assert earthengine("task", "cancel", task.id) == f'Canceling task "{task.id}"\n'
    deadline = time.monotonic() + 20
    while "State: CANCELLED" not in earthengine("task", "info", task.id):
        assert time.monotonic() < deadline
