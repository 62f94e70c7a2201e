"""What Drive refuses: accounts without storage, too much, too often, expired credentials; and what a restart keeps."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from googleapiclient.errors import HttpError  # type: ignore[import-untyped]  # has no stubs

from eo_pipeline_tests.processes import SandboxProcess, end
from eo_pipeline_tests.sandbox.drive.clients import (
    download,
    drive_client,
    make_folder,
    names,
    person,
    service_account,
    upload,
    uploading_client,
)

Start = Callable[..., SandboxProcess]


def refused(call: Callable[[], Any]) -> HttpError:
    with pytest.raises(HttpError) as caught:
        call()
    return caught.value


def test_a_service_account_has_no_room_but_may_have_folders(sandbox_server: SandboxProcess, tmp_path: Path) -> None:
    account = uploading_client(sandbox_server.url, service_account(sandbox_server.url, tmp_path))
    make_folder(account, "empty")
    for way in ({}, {"resumable": True}):
        error = refused(partial(upload, account, "x", b"x", **way))
        assert (error.status_code, error.error_details[0]["reason"]) == (403, "storageQuotaExceeded")
        assert "Service Accounts do not have storage quota." in error.reason


def test_a_person_s_room_ends(start_sandbox: Start) -> None:
    server = start_sandbox(settings={"drive_quota_bytes": 100})
    ada = uploading_client(server.url, person(server.url))
    upload(ada, "most", b"x" * 90)
    error = refused(lambda: upload(ada, "more", b"x" * 11))
    assert error.error_details[0]["reason"] == "storageQuotaExceeded"
    upload(ada, "rest", b"x" * 10)


@pytest.mark.parametrize("reason", ["userRateLimitExceeded", "rateLimitExceeded"])
def test_too_many_requests_are_answered_403_as_clients_know_it(start_sandbox: Start, reason: str) -> None:
    server = start_sandbox(settings={"drive_requests_per_minute": 2, "drive_rate_reason": reason})
    ada = drive_client(server.url, person(server.url))
    assert names(ada) == names(ada)
    error = refused(lambda: names(ada))
    assert (error.status_code, error.error_details[0]["reason"]) == (403, reason)
    assert error.error_details[0]["domain"] == "usageLimits"


def test_the_client_retries_a_rate_limit_that_passes(sandbox_server: SandboxProcess) -> None:
    """It retries a 403 only for the reasons of rate limits."""
    ada = drive_client(sandbox_server.url, person(sandbox_server.url))
    limit = {"kind": "status", "path": "/drive/v3/about", "status": 403, "reason": "userRateLimitExceeded"}
    sandbox_server.arm(**limit, message="User Rate Limit Exceeded")
    assert ada.about().get(fields="kind").execute(num_retries=3) == {"kind": "drive#about"}
    sandbox_server.arm(**{**limit, "reason": "forbidden"})
    assert refused(lambda: ada.about().get(fields="kind").execute(num_retries=3)).status_code == 403


def test_an_expired_token_is_fetched_anew_by_the_client(start_sandbox: Start) -> None:
    server = start_sandbox(speed=0)
    credentials = person(server.url)
    ada = drive_client(server.url, credentials)
    ada.about().get(fields="kind").execute()
    first = credentials.token
    server.control("clock", {"tick": 3601})
    direct = requests.get(f"{server.url}/drive/v3/files", headers={"Authorization": f"Bearer {first}"}, timeout=10)
    assert (direct.status_code, direct.json()["error"]["errors"][0]["reason"]) == (401, "authError")
    ada.about().get(fields="kind").execute()
    assert credentials.token != first


def test_credentials_can_be_required(start_sandbox: Start) -> None:
    server = start_sandbox(settings={"drive_authentication": "required"})
    answer = requests.get(f"{server.url}/drive/v3/files", timeout=10)
    assert (answer.status_code, answer.json()["error"]["errors"][0]["reason"]) == (403, "forbidden")
    assert names(drive_client(server.url, person(server.url))) == []


def test_a_restart_keeps_files_and_the_token(start_sandbox: Start) -> None:
    server = start_sandbox()
    credentials = person(server.url)
    ada = uploading_client(server.url, credentials)
    file = upload(ada, "kept.tif", b"kept", parents=[make_folder(ada, "folder")])["id"]
    assert end(server.process) == 0
    again = start_sandbox(port=int(server.url.rpartition(":")[2]))
    assert again.url == server.url
    token = credentials.token
    assert download(ada, file) == b"kept"
    assert credentials.token == token


def test_a_damaged_download_is_noticed_by_its_checksum(sandbox_server: SandboxProcess) -> None:
    """The client compares nothing, so the file's md5Checksum is for the caller to compare."""
    ada = uploading_client(sandbox_server.url, person(sandbox_server.url))
    file = upload(ada, "precious", b"precious")
    sandbox_server.arm(kind="corrupted", path=f"/drive/v3/files/{file['id']}")
    assert download(ada, file["id"]) != b"precious"
    assert download(ada, file["id"]) == b"precious"
