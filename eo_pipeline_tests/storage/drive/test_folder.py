"""The pipeline's Drive against a sandbox's, whose files another of Google's clients puts there."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import pytest

from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import CredentialsError, ServiceUnreachableError, StorageError
from eo_pipeline.storage.drive import DriveFile, DriveFolder, open_drive, requests
from eo_pipeline.storage.stored import Flaw
from eo_pipeline_tests.end_to_end.pipeline import PROJECT
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.clients import anonymous
from eo_pipeline_tests.sandbox.drive.clients import drive_client, make_folder, names, person, upload, uploading_client

DIGEST = "0123456789" * 4
PREFIX = f"{DIGEST}-12345678-ndvi.whole.2024-01"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("drive")) as found:
        yield found


@pytest.fixture
def drive(sandbox: SandboxProcess) -> Iterator[DriveFolder]:
    """The drive of a deployment without a name of its own; empty again after the test."""
    found = at(sandbox.url)
    yield found
    sandbox.control("faults", method="DELETE")
    found.delete([file.name for file in found.list("")])


def at(url: str, **settings: Any) -> DriveFolder:
    return open_drive(Settings(project=PROJECT, drive_url=url, credentials="anonymous", **settings), "exports")


@pytest.fixture(scope="module")
def putting(sandbox: SandboxProcess) -> Any:
    """A client that puts files into the same drive."""
    return uploading_client(sandbox.url, anonymous())


def content(seed: int = 0, size: int = 1000) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def test_files_are_found_by_their_beginning_in_any_folder_across_pages(
    drive: DriveFolder, putting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "_PAGE", 2)
    places = [make_folder(putting, "exports"), make_folder(putting, "exports"), "root"]
    for number in range(5):
        upload(putting, f"{PREFIX}-{number}.tif", content(number), parents=[places[number % 3]])
    upload(putting, f"{DIGEST}-87654321-other.tif", b"of the same digest, by another name")
    upload(putting, f"about {PREFIX}.tif", b"only mentions it")
    found = drive.list(PREFIX)
    assert [file.name for file in found] == [f"{PREFIX}-{number}.tif" for number in range(5)]
    assert [file.md5 for file in found] == [hashlib.md5(content(n)).hexdigest() for n in range(5)]  # noqa: S324  # Drive's checksum
    assert {file.size for file in found} == {1000}
    assert {file.older for file in found} == {()}
    assert all(abs((file.created - datetime.now(UTC)).total_seconds()) < 60 for file in found)


def test_folders_what_is_in_the_trash_and_what_belongs_to_others_are_not_listed(
    sandbox: SandboxProcess, drive: DriveFolder, putting: Any
) -> None:
    make_folder(putting, f"{PREFIX}.tif")
    upload(putting, f"{PREFIX}.tif", b"thrown away", trashed=True)
    ada = uploading_client(sandbox.url, person(sandbox.url))
    theirs = upload(ada, f"{PREFIX}.tif", b"shared by somebody")["id"]
    share = {"type": "user", "role": "writer", "emailAddress": drive.check()}
    ada.permissions().create(fileId=theirs, body=share).execute()
    assert len(names(drive_client(sandbox.url, anonymous()), f"name = '{PREFIX}.tif'")) == 3
    assert drive.list(PREFIX) == []


def test_of_a_name_that_was_written_twice_the_newest_counts(drive: DriveFolder, putting: Any) -> None:
    times = {"a": "2024-05-01T00:00:00.000Z", "b": "2024-05-03T00:00:00.000Z", "c": "2024-05-02T00:00:00.000Z"}
    ids = {
        text: upload(putting, f"{PREFIX}.tif", text.encode(), createdTime=time)["id"] for text, time in times.items()
    }
    [file] = drive.list(PREFIX)
    assert file.id == ids["b"]
    assert file.older == (ids["a"], ids["c"])


def test_files_arrive_whole_several_pieces_at_a_time(
    drive: DriveFolder, putting: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "_PIECE", 40_000)
    sizes = [1, 40_000, 100_001]
    for number, size in enumerate(sizes):
        upload(putting, f"{PREFIX}-{number}.tif", content(number, size))
    wanted = [(file, tmp_path / "deep" / file.name) for file in drive.list(PREFIX)]
    done = list(drive.download(wanted))
    assert [download.problem for download in done] == [""] * 3
    assert {download.path for download in done} == {path for _, path in wanted}
    for number, (_, path) in enumerate(wanted):
        assert path.read_bytes() == content(number, sizes[number])
    assert len(list((tmp_path / "deep").iterdir())) == 3


def one(drive: DriveFolder, putting: Any, size: int = 100_000) -> DriveFile:
    upload(putting, f"{PREFIX}.tif", content(size=size))
    [file] = drive.list(PREFIX)
    return file


FAULTS: list[dict[str, Any]] = [
    {"kind": "reset"},
    {"kind": "truncated", "at": 1000},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 403, "reason": "userRateLimitExceeded", "message": "User Rate Limit Exceeded"},
]


@pytest.fixture(params=FAULTS, ids=lambda fault: str(fault.get("status", fault["kind"])))
def interrupted(
    request: pytest.FixtureRequest,
    sandbox: SandboxProcess,
    drive: DriveFolder,
    putting: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> DriveFile:
    """A file of 100 000 bytes, read in three pieces of which the second fails at first."""
    monkeypatch.setattr(requests, "_PIECE", 40_000)
    file = one(drive, putting)
    sandbox.arm(**request.param, path=f"/drive/v3/files/{file.id}", after=1)
    return file


def test_what_breaks_on_the_way_is_read_again_from_the_last_whole_piece_on(
    drive: DriveFolder, interrupted: DriveFile, tmp_path: Path
) -> None:
    ranges: list[str] = []

    def connect() -> Any:
        found = drive.requests.connect()
        inner = found.request

        def request(*args: Any, **more: Any) -> Any:
            ranges.append(more["headers"]["range"])
            return inner(*args, **more)

        found.request = request
        return found

    [done] = replace(drive, requests=replace(drive.requests, connect=connect)).download(
        [(interrupted, tmp_path / "x.tif")]
    )
    assert done.problem == ""
    assert (tmp_path / "x.tif").read_bytes() == content(size=100_000)
    first, second, third = "bytes=0-39999", "bytes=40000-79999", "bytes=80000-119999"
    assert ranges == [first, second, second, third]


def test_a_damaged_file_is_told_and_leaves_nothing(
    sandbox: SandboxProcess, drive: DriveFolder, putting: Any, tmp_path: Path
) -> None:
    file = one(drive, putting)
    sandbox.arm(kind="corrupted", path=f"/drive/v3/files/{file.id}")
    [done] = drive.download([(file, tmp_path / "x.tif")])
    assert (done.path, done.flaw, done.crc32c) == (None, Flaw.CORRUPT, "")
    assert done.problem.startswith(f"expected MD5 {file.md5}, got ")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_gone_is_told_and_the_others_arrive(drive: DriveFolder, putting: Any, tmp_path: Path) -> None:
    for name in ("gone", "there"):
        upload(putting, f"{PREFIX}-{name}.tif", name.encode())
    gone, there = drive.list(PREFIX)
    drive.delete([gone.name])
    done = {d.source.name: d for d in drive.download([(f, tmp_path / f.name) for f in (gone, there)])}
    assert done[there.name].problem == ""
    assert done[gone.name].flaw is Flaw.MISSING
    assert done[gone.name].problem == (
        f"could not read drive:exports/{gone.name}: Drive says: File not found: {gone.id}; it was deleted, or "
        "belongs to somebody else: make it again"
    )
    assert [path.name for path in tmp_path.iterdir()] == [there.name]


def test_a_file_that_drive_does_not_send_is_told(
    sandbox: SandboxProcess, drive: DriveFolder, putting: Any, tmp_path: Path
) -> None:
    file = one(drive, putting)
    words = "The user has exceeded their download quota"
    sandbox.arm(kind="status", path=f"files/{file.id}", status=403, reason="downloadQuotaExceeded", message=words)
    [done] = drive.download([(file, tmp_path / "x.tif")])
    assert (done.path, done.flaw) == (None, Flaw.REFUSED)
    assert done.problem == f"could not read drive:exports/{file.name}: Drive says: {words}"


def test_what_is_there_already_is_not_read_again_unless_it_differs(
    sandbox: SandboxProcess, drive: DriveFolder, putting: Any, tmp_path: Path
) -> None:
    file = one(drive, putting, size=9)
    path = tmp_path / "x.tif"
    [done] = drive.download([(file, path)])
    checksum = base64.b64encode(google_crc32c.Checksum(content(size=9)).digest()).decode()
    assert done.crc32c == checksum
    sandbox.arm(kind="status", path=f"files/{file.id}", status=404)
    [again] = drive.download([(file, path)])
    assert (again.path, again.crc32c) == (path, checksum)
    path.write_bytes(b"not those")
    [gone] = drive.download([(file, path)])
    assert gone.flaw is Flaw.MISSING
    [back] = drive.download([(file, path)])
    assert back.path == path
    assert path.read_bytes() == content(size=9)


def test_a_file_of_another_length_is_told(tmp_path: Path) -> None:
    file = DriveFile("x.tif", 3, hashlib.md5(b"abc").hexdigest(), datetime.now(UTC), "id")  # noqa: S324  # Drive's checksum
    path = tmp_path / "x.tif"
    path.write_bytes(b"ab")
    assert file.difference(path) == (Flaw.TRUNCATED, "expected 3 bytes, got 2")
    path.write_bytes(b"abd")
    assert file.difference(path) == (
        Flaw.CORRUPT,
        "expected MD5 900150983cd24fb0d6963f7d28e17f72, got 4911e516e5aa21d327512e0c8b197616",
    )


def test_what_was_thrown_away_is_evidence_of_a_deletion(drive: DriveFolder, putting: Any) -> None:
    upload(putting, f"{PREFIX}-a.tif", b"x", trashed=True)
    upload(putting, f"{PREFIX}-b.tif", b"x")
    now = datetime.now(UTC)
    asked = [f"{PREFIX}-a.tif", f"{PREFIX}-never.tif"]
    assert drive.evidence_of_deletion(asked, written=None, now=now) == ("1 of them lie in the drive's trash",)
    assert drive.evidence_of_deletion(asked[1:], written=None, now=now) == ()
    putting.files().emptyTrash().execute()


def test_all_files_of_a_name_are_deleted_and_no_other(drive: DriveFolder, putting: Any) -> None:
    for name in ("a", "a", "ab"):
        upload(putting, f"{PREFIX}-{name}", b"x")
    drive.delete([f"{PREFIX}-a", f"{PREFIX}-never"])
    assert [file.name for file in drive.list(PREFIX)] == [f"{PREFIX}-ab"]
    drive.delete([f"{PREFIX}-a"])


def test_a_check_tells_whose_drive_it_is(drive: DriveFolder) -> None:
    assert drive.check() == "user@sandbox.invalid"


def test_a_check_tells_early_that_there_is_no_connection() -> None:
    with pytest.raises(
        ServiceUnreachableError,
        match=r"expected Google Drive at http://127\.0\.0\.1:9, got no connection \(\w+\); check the network and EO_D",
    ):
        at("http://127.0.0.1:9").check()


def test_a_person_sees_their_own_drive_also_after_all_tokens_expired(sandbox: SandboxProcess, tmp_path: Path) -> None:
    ada = person(sandbox.url)
    upload(uploading_client(sandbox.url, ada), f"{PREFIX}.tif", b"of ada")
    theirs = DriveFolder("exports", requests.requests_of(ada, sandbox.url))
    assert theirs.check() == "ada@example.org"
    sandbox.control("tokens", method="DELETE")
    [file] = theirs.list(PREFIX)
    sandbox.control("tokens", method="DELETE")
    [done] = theirs.download([(file, tmp_path / "x.tif")])
    assert done.path is not None
    assert done.path.read_bytes() == b"of ada"
    assert at(sandbox.url).list(PREFIX) == []
    theirs.delete([file.name])


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        (
            {"status": 403, "reason": "insufficientPermissions", "message": "Insufficient Permission"},
            CredentialsError,
            r"Drive says: Insufficient Permission; set EO_CREDENTIALS to persistent, after `earthengine authenticate`",
        ),
        (
            {"status": 403, "reason": "accessNotConfigured", "message": "Google Drive API has not been used."},
            StorageError,
            r"could not ask whose drive:exports is: .* not been used; enable the Google Drive API for EO_PROJECT",
        ),
        ({"status": 401, "reason": "authError", "message": "Invalid Credentials"}, CredentialsError, "EO_CREDENTIALS"),
        ({"status": 403, "reason": "userRateLimitExceeded"}, StorageError, "; run it again in some minutes"),
    ],
)
def test_a_check_tells_what_to_do_about_a_refusal(
    sandbox: SandboxProcess, drive: DriveFolder, fault: dict[str, Any], error: type[Exception], told: str
) -> None:
    sandbox.arm(kind="status", path="/drive/v3/about", **fault)
    with pytest.raises(error, match=told):
        drive.check()


def test_anonymous_credentials_are_for_the_sandbox() -> None:
    with pytest.raises(CredentialsError, match=r"expected a person's credentials, got anonymous ones; set EO_CREDENT"):
        at("")
