"""Files and folders of Drive through google-api-python-client, from the document it ships and the one served."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]  # has no stubs

from eo_pipeline_tests.processes import SandboxProcess
from eo_pipeline_tests.sandbox.drive.clients import (
    FOLDER,
    download,
    drive_client,
    listed,
    make_folder,
    names,
    person,
    upload,
    uploading_client,
)

BYTES = bytes(range(256)) * 1200


@pytest.fixture(scope="module")
def ada(sandbox_server: SandboxProcess) -> Any:
    return uploading_client(sandbox_server.url, person(sandbox_server.url))


@pytest.fixture
def folder(ada: Any) -> Iterator[str]:
    made = make_folder(ada, "of a test")
    yield made
    ada.files().delete(fileId=made).execute()


def refusal(request: Any) -> tuple[int, str, str]:
    """Status, reason and message of the error that a request meets."""
    with pytest.raises(HttpError) as caught:
        request.execute()
    error = caught.value
    return error.status_code, error.error_details[0]["reason"], error.reason


def test_both_documents_make_clients_that_work(sandbox_server: SandboxProcess, ada: Any, folder: str) -> None:
    made = upload(ada, "both.tif", b"both", parents=[folder])
    shipped = drive_client(sandbox_server.url, person(sandbox_server.url))
    assert shipped.files().get(fileId=made["id"]).execute() == ada.files().get(fileId=made["id"]).execute()


@pytest.mark.parametrize("way", [{}, {"resumable": True}, {"resumable": True, "chunk": 256 * 1024}])
def test_uploaded_bytes_come_back_whole_and_by_ranges(ada: Any, folder: str, way: dict[str, Any]) -> None:
    file = upload(ada, "bytes.tif", BYTES, parents=[folder], **way)
    assert (file["name"], file["size"], file["mimeType"]) == ("bytes.tif", str(len(BYTES)), "image/tiff")
    assert file["md5Checksum"] == hashlib.md5(BYTES, usedforsecurity=False).hexdigest()
    assert file["parents"] == [folder]
    assert download(ada, file["id"]) == BYTES
    assert download(ada, file["id"], chunk=100_000) == BYTES


def test_an_empty_file_is_downloaded_though_it_has_no_range(ada: Any, folder: str) -> None:
    assert download(ada, upload(ada, "empty", b"", parents=[folder])["id"]) == b""


def test_two_files_of_one_name_live_side_by_side(ada: Any, folder: str) -> None:
    first, second = (upload(ada, "same.tif", content, parents=[folder]) for content in (b"1", b"22"))
    assert names(ada, f"'{folder}' in parents and name = 'same.tif'") == ["same.tif", "same.tif"]
    assert (download(ada, first["id"]), download(ada, second["id"])) == (b"1", b"22")


def test_a_client_that_names_no_fields_gets_four(ada: Any, folder: str) -> None:
    assert set(ada.files().get(fileId=folder).execute()) == {"kind", "id", "name", "mimeType"}


def test_a_listing_has_pages_and_its_mask_must_ask_for_the_token(ada: Any, folder: str) -> None:
    made = [make_folder(ada, f"f{number:02d}", parents=[folder]) for number in range(11)]
    query = f"'{folder}' in parents"
    found = listed(ada, query, pageSize=4, orderBy="name")
    assert [file["id"] for file in found] == made
    masked = ada.files().list(q=query, pageSize=4, fields="files(id)").execute()
    assert set(masked) == {"files"}
    assert [set(file) for file in masked["files"]] == [{"id"}] * 4


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name = 'tile_1.tif'", ["tile_1.tif"]),
        ("name != 'tile_1.tif' and mimeType = 'image/tiff'", ["note.txt", "tile_2.tif"]),
        ("name contains 'tile'", ["tile_1.tif", "tile_2.tif"]),
        ("name contains 'ile'", []),
        ("name contains 'TILE_1' or name = 'inner'", ["inner", "tile_1.tif"]),
        (f"mimeType = '{FOLDER}'", ["inner"]),
        (f"not mimeType = '{FOLDER}' and (name contains 'note' or name contains 'tile_2')", ["note.txt", "tile_2.tif"]),
        ("name = 'ada\\'s'", ["ada's"]),
        ("trashed = true", []),
        ("modifiedTime > '2020-01-01T00:00:00' and name = 'inner'", ["inner"]),
        ("modifiedTime < '2020-01-01T00:00:00'", []),
        ("'ada@example.org' in owners and name = 'inner'", ["inner"]),
        ("appProperties has { key='run' and value='7' }", ["note.txt"]),
    ],
)
def test_a_query_finds_what_it_says(ada: Any, folder: str, query: str, found: list[str]) -> None:
    make_folder(ada, "inner", parents=[folder])
    for name in ("tile_1.tif", "tile_2.tif"):
        upload(ada, name, b"x", parents=[folder])
    upload(ada, "note.txt", b"x", parents=[folder], appProperties={"run": "7"})
    make_folder(ada, "ada's", parents=[folder], mimeType="text/plain")
    assert sorted(names(ada, f"'{folder}' in parents and ({query})")) == sorted(found)


@pytest.mark.parametrize(
    "query", ["name", "name = tile", "colour = 'red'", "name = 'a' and", "(name = 'a'", "name ~ 'a'", "'a' in name"]
)
def test_a_text_that_is_no_query_is_refused(ada: Any, query: str) -> None:
    assert refusal(ada.files().list(q=query)) == (400, "invalid", "Invalid Value")


def test_unknown_fields_and_tokens_are_refused(ada: Any, folder: str) -> None:
    assert refusal(ada.files().get(fileId=folder, fields="colour")) == (
        400,
        "invalidParameter",
        "Invalid field selection colour",
    )
    assert refusal(ada.files().list(pageToken="nonsense"))[0] == 400


def test_a_file_is_renamed_moved_and_replaced(ada: Any, folder: str) -> None:
    file = upload(ada, "old.tif", b"old", parents=[folder])["id"]
    inner = make_folder(ada, "inner", parents=[folder])
    ada.files().update(fileId=file, body={"name": "new.tif"}, addParents=inner, removeParents=folder).execute()
    moved = ada.files().get(fileId=file, fields="name,parents,version").execute()
    assert (moved["name"], moved["parents"]) == ("new.tif", [inner])
    assert names(ada, f"'{folder}' in parents") == ["inner"]
    status, reason, _ = refusal(ada.files().update(fileId=file, body={"parents": [folder]}))
    assert (status, reason) == (403, "fieldNotWritable")


def test_the_trash_hides_nothing_until_it_is_emptied(ada: Any, folder: str) -> None:
    file = upload(ada, "thrown.tif", b"x", parents=[folder])["id"]
    ada.files().update(fileId=file, body={"trashed": True}).execute()
    assert names(ada, f"'{folder}' in parents and trashed = false") == []
    assert names(ada, f"'{folder}' in parents") == ["thrown.tif"]
    ada.files().emptyTrash().execute()
    assert refusal(ada.files().get(fileId=file)) == (404, "notFound", f"File not found: {file}.")


def test_deleting_a_folder_deletes_what_lies_in_it(ada: Any, folder: str) -> None:
    inner = make_folder(ada, "inner", parents=[folder])
    file = upload(ada, "deep.tif", b"x", parents=[inner])["id"]
    ada.files().delete(fileId=inner).execute()
    assert refusal(ada.files().get_media(fileId=file))[0] == 404


def test_a_folder_has_no_bytes(ada: Any, folder: str) -> None:
    assert refusal(ada.files().get_media(fileId=folder))[:2] == (403, "fileNotDownloadable")


def test_others_see_what_is_shared_with_them_only(sandbox_server: SandboxProcess, ada: Any, folder: str) -> None:
    bob = drive_client(sandbox_server.url, person(sandbox_server.url, "bob@example.org"))
    file = upload(ada, "shared.tif", b"shared", parents=[folder])["id"]
    assert refusal(bob.files().get(fileId=file))[0] == 404
    given = {"type": "user", "role": "reader", "emailAddress": "bob@example.org"}
    permission = ada.permissions().create(fileId=folder, body=given).execute()
    assert download(bob, file) == b"shared"
    assert refusal(bob.files().delete(fileId=file))[:2] == (403, "insufficientFilePermissions")
    owners = ada.permissions().list(fileId=folder).execute()["permissions"]
    assert [entry["role"] for entry in owners] == ["owner", "reader"]
    ada.permissions().delete(fileId=folder, permissionId=permission["id"]).execute()
    assert refusal(bob.files().get(fileId=file))[0] == 404


def test_about_tells_who_and_how_much(ada: Any, folder: str) -> None:
    def used() -> int:
        quota = ada.about().get(fields="storageQuota").execute()["storageQuota"]
        assert quota["limit"] == str(15 * 2**30)
        return int(quota["usage"])

    before = used()
    upload(ada, "counted.tif", BYTES, parents=[folder])
    assert used() - before == len(BYTES)
    assert ada.about().get(fields="user").execute()["user"]["emailAddress"] == "ada@example.org"
    assert refusal(ada.about().get())[0] == 400


def test_a_copy_is_another_file(ada: Any, folder: str) -> None:
    file = upload(ada, "first.tif", b"first", parents=[folder])["id"]
    copy = ada.files().copy(fileId=file, body={"parents": [folder]}, fields="id,name").execute()
    assert copy["name"] == "Copy of first.tif"
    ada.files().delete(fileId=file).execute()
    assert download(ada, copy["id"]) == b"first"
