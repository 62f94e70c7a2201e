"""Downloads whatever the connection and the service do; expected bytes are those that were uploaded."""

import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from eo_pipeline.errors import DiskFullError, ServiceUnreachableError
from eo_pipeline.storage.checksums import crc32c_of
from eo_pipeline.storage.objects import open_bucket
from eo_pipeline.storage.stored import Flaw
from eo_pipeline.storage.transfer import Limits, StoredObject
from eo_pipeline_tests.scenes import settings_at
from eo_pipeline_tests.storage.transfer.conftest import PIECE, QUICK, Shelf

SIZES = {"empty": 0, "one": 1, "piece": PIECE, "more": PIECE + 1, "large": 5 * PIECE + 17, "a b+%ö": 300}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_objects_of_every_size_and_name_arrive_whole(shelf: Shelf, tmp_path: Path) -> None:
    made = {name: shelf.put(f"sizes/{name}", size) for name, size in SIZES.items()}
    done = list(shelf.bucket.download(shelf.listed("sizes/", tmp_path)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made
    for download in done:
        assert download.path is not None
        assert download.crc32c == crc32c_of(download.path) == download.source.crc32c
        assert (download.flaw, download.problem) == (None, "")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 429},
        {"kind": "reset"},
        {"kind": "lost_reply"},
        {"kind": "truncated"},
        {"kind": "truncated", "at": 0},
        {"kind": "corrupted"},
        {"kind": "slow", "seconds": 0.2},
    ],
    ids=str,
)
def test_a_passing_trouble_is_outlived(shelf: Shelf, tmp_path: Path, fault: dict[str, object]) -> None:
    prefix = "passing/" + "".join(map(str, fault.values()))
    made = {name: shelf.put(f"{prefix}/{name}", size) for name, size in (("small", 1000), ("large", 4 * PIECE + 1))}
    shelf.arm(**{**fault, "count": 2, "after": 1})
    assert {download.flaw for download in shelf.bucket.download(shelf.listed(prefix, tmp_path))} == {None}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == made
    assert shelf.sandbox.control("faults")["faults"] == []


def test_after_a_break_only_what_did_not_come_is_asked_for(shelf: Shelf, tmp_path: Path) -> None:
    """Each answer ends in its middle: what is left is halved, until it has no middle."""
    data = shelf.put("halves/x", 1 << 6)
    shelf.arm(kind="truncated", count=7)
    [done] = shelf.bucket.download(shelf.listed("halves/", tmp_path))
    assert done.path is not None
    assert done.path.read_bytes() == data
    assert shelf.asked("truncated").count("halves/x") == 7


def test_a_permanent_error_is_not_asked_again(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("forbidden/x", 10)
    shelf.arm(kind="status", status=403, message="Not you.", count=None)
    [done] = shelf.bucket.download(shelf.listed("forbidden/", tmp_path))
    assert (done.flaw, done.path) == (Flaw.REFUSED, None)
    assert done.problem == "the account may not (403 Not you.); grant it Storage Object Admin on the bucket"
    assert shelf.asked("status").count("forbidden/x") == 1
    assert names(tmp_path) == set()


def test_what_was_replaced_after_it_was_listed_is_missing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("replaced/x", 10)
    wanted = shelf.listed("replaced/", tmp_path)
    shelf.put("replaced/x", 20)
    [done] = shelf.bucket.download(wanted)
    assert (done.flaw, done.problem) == (Flaw.MISSING, "it was deleted after it was listed")


def test_a_storm_of_refusals_ends_after_few_requests_and_each_is_told(shelf: Shelf, tmp_path: Path) -> None:
    for number in range(20):
        shelf.put(f"storm/{number}", 10)
    shelf.arm(kind="status", status=503, message="Later.", count=None)
    before = len(shelf.asked("status"))
    done = list(shelf.bucket.download(shelf.listed("storm/", tmp_path)))
    assert {(download.flaw, download.problem[:10]) for download in done} == {(Flaw.REFUSED, "503 Later.")}
    assert len(done) == 20
    assert len(shelf.asked("status")) - before < 20 * 6


def test_a_service_that_is_not_there_is_told_once(shelf: Shelf, tmp_path: Path) -> None:
    gone = replace(open_bucket(settings_at("http://127.0.0.1:9"), "shelf"), patience=replace(QUICK, seconds=0.3))
    objects = [(StoredObject(f"{number}", 10, "AAAAAA==", 1), tmp_path / f"{number}") for number in range(9)]
    with pytest.raises(ServiceUnreachableError) as caught:
        list(gone.download(objects))
    assert str(caught.value).startswith("could not read gs://shelf/")
    assert "expected Cloud Storage at http://127.0.0.1:9, got no connection (" in str(caught.value)
    assert str(caught.value).endswith("; check the network and EO_STORAGE_URL")


def test_pieces_that_are_there_are_not_asked_for_again(shelf: Shelf, tmp_path: Path) -> None:
    data = shelf.put("resumed/x", 6 * PIECE)
    one = replace(shelf.bucket, limits=Limits(at_once=1, piece=PIECE))
    wanted = shelf.listed("resumed/", tmp_path)
    shelf.arm(kind="status", status=403, after=4)
    [first] = one.download(wanted)
    assert first.flaw is Flaw.REFUSED
    assert names(tmp_path) == {"x.part", "x.part.journal"}
    shelf.count()
    [second] = one.download(wanted)
    assert shelf.asked().count("resumed/x") == 2
    assert second.path is not None
    assert second.path.read_bytes() == data
    assert names(tmp_path) == {"x"}
    [third] = one.download(wanted)
    assert third.path == second.path
    assert shelf.asked().count("resumed/x") == 2


@pytest.mark.parametrize(
    "journal",
    [
        '{"generation": 1, "size": 196608, "piece": 65536}\n0.\n1.\n2.',
        "",
        "\x00\x00",
        '{"generation": GENERATION, "size": 196608, "piece": 65536}\n0\n1',
    ],
    ids=["another version", "empty", "damaged", "ends not written"],
)
def test_a_journal_of_something_else_is_thrown_away(shelf: Shelf, tmp_path: Path, journal: str) -> None:
    data = shelf.put("journal/x", 3 * PIECE)
    [(source, path)] = shelf.listed("journal/", tmp_path)
    (tmp_path / "x.part").write_bytes(bytes(3 * PIECE))
    (tmp_path / "x.part.journal").write_text(journal.replace("GENERATION", str(source.generation)))
    shelf.count()
    before = len(shelf.asked())
    [done] = shelf.bucket.download([(source, path)])
    assert path.read_bytes() == data
    assert done.flaw is None
    assert len(shelf.asked()) - before == 3


def test_a_journal_that_lies_costs_another_download_only(shelf: Shelf, tmp_path: Path) -> None:
    data = shelf.put("lies/x", 3 * PIECE)
    [(source, path)] = shelf.listed("lies/", tmp_path)
    (tmp_path / "x.part").write_bytes(bytes(3 * PIECE))
    header = f'{{"generation": {source.generation}, "size": {source.size}, "piece": {PIECE}}}'
    (tmp_path / "x.part.journal").write_text(f"{header}\n0.\n1.")
    [done] = shelf.bucket.download([(source, path)])
    assert done.flaw is None
    assert path.read_bytes() == data


def test_an_object_that_stays_corrupt_is_told_and_leaves_nothing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("corrupt/x", 2 * PIECE)
    shelf.arm(kind="corrupted", count=None)
    [done] = shelf.bucket.download(shelf.listed("corrupt/", tmp_path))
    assert done.flaw is Flaw.CORRUPT
    assert done.problem.startswith(f"expected CRC32C {done.source.crc32c}, got ")
    assert done.problem.endswith(" in 3 downloads")
    assert names(tmp_path) == set()


def test_downloads_that_nobody_waits_for_end(shelf: Shelf, tmp_path: Path) -> None:
    for number in range(8):
        shelf.put(f"closed/{number}", 10)
    threads = threading.active_count()
    running = shelf.bucket.download(shelf.listed("closed/", tmp_path))
    next(iter(running))
    running.close()  # type: ignore[attr-defined]  # an iterator that is a generator
    assert threading.active_count() == threads
    assert not [name for name in names(tmp_path) if name.endswith(".part")]


def test_a_full_disk_is_told_and_what_is_unfinished_is_removed(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's own limit of a file's size stands for a disk that fills up."""
    import resource  # noqa: PLC0415  # of this test only

    shelf.put("full/x", 8 * PIECE)
    shelf.put("full/y", 10)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * PIECE, before[1]))
    try:
        with pytest.raises(DiskFullError, match=r"expected room for 0.524 MB at .*/x, got: File too large"):
            list(shelf.bucket.download(shelf.listed("full/", tmp_path)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(tmp_path) <= {"y"}


class Busy(BaseHTTPRequestHandler):
    """Asks for a second of patience once, then sends."""

    asked: ClassVar[list[float]] = []

    def do_GET(self) -> None:
        self.asked.append(time.monotonic())
        body = b"" if len(self.asked) == 1 else b"123456789"
        self.send_response(429 if len(self.asked) == 1 else 200)
        self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_the_wait_that_the_service_asks_for_is_kept(tmp_path: Path) -> None:
    """CRC-32C of "123456789" is e3069283 (RFC 3720, catalogue of CRCs)."""
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        bucket = replace(open_bucket(settings_at(f"http://127.0.0.1:{server.server_port}"), "b"), patience=QUICK)
        [done] = bucket.download([(StoredObject("x", 9, "4waSgw==", 1), tmp_path / "x")])
        server.shutdown()
        thread.join()
    assert done.flaw is None
    assert 1 <= Busy.asked[1] - Busy.asked[0] < 2
