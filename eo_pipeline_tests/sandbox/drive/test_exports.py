"""Export.image.toDrive and Export.table.toDrive with the real client, read back with Drive's."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest
from rasterio.io import MemoryFile

from eo_pipeline_tests.sandbox.clients import IMAGE, NODATA, Clients, anonymous, initialize, numbers
from eo_pipeline_tests.sandbox.drive.clients import (
    download,
    drive_client,
    listed,
    make_folder,
    names,
    person,
    service_account,
    uploading_client,
)
from eo_pipeline_tests.sandbox.following import TRANSFORM, ended, whole_region


@pytest.fixture(scope="module")
def drive(clients: Clients) -> Any:
    """The drive of the person whose exports name nobody."""
    return drive_client(clients.server.url, anonymous())


def export(description: str, **options: Any) -> Any:
    """A started export of the whole image to a drive."""
    chosen = {"region": whole_region(), "crs": "EPSG:32633", "crsTransform": TRANSFORM, **options}
    task = ee.batch.Export.image.toDrive(ee.Image(IMAGE).unmask(NODATA), description=description, **chosen)
    task.start()
    return task


def in_folder(drive: Any, name: str) -> list[Any]:
    [folder] = listed(drive, f"name = '{name}' and mimeType = 'application/vnd.google-apps.folder'")
    return listed(drive, f"'{folder['id']}' in parents", orderBy="name", fields="files(id,name,mimeType)")


def test_an_image_comes_into_a_folder_made_for_it(drive: Any) -> None:
    done = ended(export("made", folder="fresh folder", fileNamePrefix="numbers"))
    assert done["metadata"]["state"] == "SUCCEEDED"
    [folder] = listed(drive, "name = 'fresh folder'")
    assert done["metadata"]["destinationUris"] == [f"https://drive.google.com/#folders/{folder['id']}"]
    files = in_folder(drive, "fresh folder")
    assert len(files) > 1
    assert all(file["name"].startswith("numbers-") and file["mimeType"] == "image/tiff" for file in files)
    np.testing.assert_array_equal(mosaic(drive, files), numbers())


def mosaic(drive: Any, files: list[Any]) -> np.ndarray:
    """The files' pixels put together by the offsets in their names, `-ROW-COLUMN.tif`."""
    whole = np.zeros_like(numbers())
    for file in files:
        row, column = (int(part) for part in file["name"].removesuffix(".tif").split("-")[-2:])
        with MemoryFile(download(drive, file["id"])) as memory, memory.open() as dataset:
            whole[row : row + dataset.height, column : column + dataset.width] = dataset.read(1)
    return whole


def small(description: str, **options: Any) -> Any:
    """A started export of four pixels."""
    return export(description, dimensions="2x2", crsTransform=None, **options)


def test_a_folder_is_found_by_its_name_and_the_latest_of_several_is_taken(drive: Any) -> None:
    older, newer = make_folder(drive, "twice"), make_folder(drive, "twice")
    assert ended(small("first", folder="twice"))["metadata"]["state"] == "SUCCEEDED"
    assert (names(drive, f"'{older}' in parents"), names(drive, f"'{newer}' in parents")) == ([], ["first.tif"])
    drive.files().update(fileId=older, body={"description": "touched"}).execute()
    ended(small("second", folder="twice"))
    assert names(drive, f"'{older}' in parents") == ["second.tif"]


def test_two_exports_of_one_name_make_two_files(drive: Any) -> None:
    for description in ("one", "two"):
        ended(small(description, folder="pair", fileNamePrefix="same"))
    files = in_folder(drive, "pair")
    assert [file["name"] for file in files] == ["same.tif", "same.tif"]
    assert files[0]["id"] != files[1]["id"]


def test_an_export_that_names_no_folder_lies_in_the_root(drive: Any) -> None:
    ended(small("rootless"))
    assert names(drive, "'root' in parents and name = 'rootless.tif'") == ["rootless.tif"]


def test_a_folder_in_the_trash_is_not_found(drive: Any) -> None:
    trashed = make_folder(drive, "thrown away")
    drive.files().update(fileId=trashed, body={"trashed": True}).execute()
    ended(small("survivor", folder="thrown away"))
    assert names(drive, f"'{trashed}' in parents") == []
    assert len(listed(drive, "name = 'thrown away' and trashed = false")) == 1


def test_a_table_comes_as_csv(drive: Any) -> None:
    features = [ee.Feature(None, {"name": name, "value": value}) for name, value in (("a", 1.5), ("b", 2.5))]
    table = ee.FeatureCollection(features)
    task = ee.batch.Export.table.toDrive(table, "table", folder="tables", selectors=["name", "value"])
    task.start()
    assert ended(task)["metadata"]["state"] == "SUCCEEDED"
    [file] = in_folder(drive, "tables")
    assert (file["name"], file["mimeType"]) == ("table.csv", "text/csv")
    assert download(drive, file["id"]).decode().split() == ["name,value", "a,1.5", "b,2.5"]


def test_who_submits_an_export_gets_its_files(clients: Clients) -> None:
    url = clients.server.url
    _as(clients, person(url))
    try:
        ended(small("mine", folder="of ada"))
    finally:
        initialize(clients.server)
    assert [file["name"] for file in in_folder(drive_client(url, person(url)), "of ada")] == ["mine.tif"]
    assert names(drive_client(url, anonymous()), "name = 'of ada'") == []


def test_a_service_account_s_export_to_drive_fails(clients: Clients, tmp_path: Path) -> None:
    _as(clients, service_account(clients.server.url, tmp_path))
    try:
        done = ended(small("homeless", folder="nowhere"))
    finally:
        initialize(clients.server)
    assert done["metadata"]["state"] == "FAILED"
    assert "Service accounts do not have storage quota" in done["error"]["message"]


def _as(clients: Clients, credentials: Any) -> None:
    """Initialise `ee` as somebody."""
    ee.Reset()
    ee.Initialize(credentials, url=clients.server.url, project="sandbox-project")
    ee.data.setMaxRetries(0)


def test_a_full_drive_fails_the_export(start_clients: Callable[..., Clients]) -> None:
    clients = start_clients(settings={"drive_quota_bytes": 10})
    done = ended(small("too much"))
    assert done["metadata"]["state"] == "FAILED"
    assert done["error"]["message"] == "The user's Drive storage quota has been exceeded."
    assert names(drive_client(clients.server.url, anonymous())) == []


def test_files_in_the_drive_survive_a_restart(start_clients: Callable[..., Clients]) -> None:
    clients = start_clients()
    ended(small("kept", folder="kept folder"))
    clients.server.process.kill()
    clients.server.process.wait()
    again = start_clients()
    drive = uploading_client(again.server.url, anonymous())
    [file] = in_folder(drive, "kept folder")
    with MemoryFile(io.BytesIO(download(drive, file["id"]))) as memory, memory.open() as dataset:
        assert (dataset.width, dataset.height) == (2, 2)
