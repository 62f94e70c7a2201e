"""Uploads: sessions that stop and go on, lost replies, broken connections, both APIs' parts."""

import io
import socket
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import urllib3
from google.api_core.exceptions import BadRequest
from google.cloud.storage import transfer_manager

from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.multipart import extract, locate
from eo_pipeline_tests.sandbox.cloud_storage.clients import google_client
from eo_pipeline_tests.sandbox.cloud_storage.server import Running, running

DATA = np.random.default_rng(8).bytes(1_000_003)


def begin(endpoint: str, bucket: str, query: str = "") -> str:
    url = f"{endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name=x{query}"
    headers = {"X-Upload-Content-Type": "image/tiff"}
    answer = urllib3.request("POST", url, body=b'{"metadata": {"k": "v"}}', headers=headers)
    assert answer.status == 200
    return answer.headers["Location"]


def send(session: str, data: bytes, content_range: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("PUT", session, body=data, headers={"Content-Range": content_range})


def test_a_session_takes_chunks_and_tells_how_far_it_is(open_server: Running, bucket: str) -> None:
    session = begin(open_server.endpoint, bucket)
    nothing = send(session, b"", "bytes */*")
    assert (nothing.status, nothing.headers.get("Range")) == (308, None)
    first = send(session, DATA[:262144], "bytes 0-262143/*")
    assert (first.status, first.headers["Range"]) == (308, "bytes=0-262143")
    assert [meta.name for meta in open_server.store.list(bucket)] == []
    overlapping = send(session, DATA[200000:500000], "bytes 200000-499999/*")
    assert overlapping.headers["Range"] == "bytes=0-499999"
    gap = send(session, DATA[600000:], f"bytes 600000-{len(DATA) - 1}/{len(DATA)}")
    assert (gap.status, "expected bytes from offset 500000, got 600000" in gap.json()["error"]["message"]) == (
        503,
        True,
    )
    last = send(session, DATA[500000:], f"bytes 500000-{len(DATA) - 1}/{len(DATA)}")
    assert last.status == 200
    assert open_server.store.read(bucket, "x") == DATA
    meta = open_server.store.get(bucket, "x")
    assert (meta.attributes.content_type, dict(meta.attributes.metadata)) == ("image/tiff", {"k": "v"})


def test_a_client_whose_last_reply_was_lost_can_ask_again(open_server: Running, bucket: str) -> None:
    session = begin(open_server.endpoint, bucket, "&ifGenerationMatch=0")
    done = send(session, DATA, f"bytes 0-{len(DATA) - 1}/{len(DATA)}")
    asked = send(session, b"", f"bytes */{len(DATA)}")
    assert (asked.status, asked.json()) == (200, done.json())


def test_a_session_outlives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        server.store.create_bucket("bucket")
        session = begin(server.endpoint, "bucket")
        send(session, DATA[:262144], "bytes 0-262143/*")
    with running(tmp_path) as server:
        moved = f"{server.endpoint}{urlsplit(session).path}?{urlsplit(session).query}"
        assert send(moved, b"", "bytes */*").headers["Range"] == "bytes=0-262143"
        send(moved, DATA[262144:], f"bytes 262144-{len(DATA) - 1}/{len(DATA)}")
        assert server.store.read("bucket", "x") == DATA


def test_bytes_before_a_broken_connection_count(open_server: Running, bucket: str) -> None:
    session = begin(open_server.endpoint, bucket)
    cut(session, "PUT", DATA[:300000])
    answer = send(session, b"", "bytes */*")
    for _ in range(100):
        if answer.headers.get("Range"):
            break
        answer = send(session, b"", "bytes */*")
    arrived = int(answer.headers["Range"].rpartition("-")[2]) + 1
    assert 0 < arrived <= 300000
    send(session, DATA[arrived:], f"bytes {arrived}-{len(DATA) - 1}/{len(DATA)}")
    assert open_server.store.read(bucket, "x") == DATA


def test_a_broken_upload_leaves_nothing(open_server: Running, bucket: str) -> None:
    cut(f"{open_server.endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=media&name=x", "POST", DATA[:300000])
    cut(f"{open_server.endpoint}/{bucket}/y", "PUT", DATA[:300000])
    assert list(open_server.store.list(bucket)) == []


def cut(url: str, method: str, data: bytes) -> None:
    """Announce all of DATA, send a part, and close the connection."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}"
    head = f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(DATA)}\r\n\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        connection.sendall(head.encode() + data)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        while connection.recv(65536):
            pass


def test_cancelled_and_unknown_sessions(open_server: Running, bucket: str) -> None:
    session = begin(open_server.endpoint, bucket)
    assert urllib3.request("DELETE", session).status == 499
    assert send(session, DATA, f"bytes 0-{len(DATA) - 1}/{len(DATA)}").status == 404
    unknown = f"{open_server.endpoint}/upload/storage/v1/b/{bucket}/o?upload_id=../../index.sqlite"
    assert send(unknown, b"", "bytes */*").status == 404


def test_a_session_keeps_its_condition_to_the_end(open_server: Running, bucket: str) -> None:
    session = begin(open_server.endpoint, bucket, "&ifGenerationMatch=0")
    open_server.store.write(bucket, "x", b"faster")
    assert send(session, DATA, f"bytes 0-{len(DATA) - 1}/{len(DATA)}").status == 412
    assert open_server.store.read(bucket, "x") == b"faster"


def test_bad_requests_are_named(open_server: Running, bucket: str) -> None:
    session = begin(open_server.endpoint, bucket)
    bad = send(session, b"", "bytes ?")
    assert "expected 'bytes FIRST-LAST/SIZE' or 'bytes */SIZE', got 'bytes ?'" in bad.json()["error"]["message"]
    url = f"{open_server.endpoint}/upload/storage/v1/b/{bucket}/o?uploadType=other&name=x"
    answer = urllib3.request("POST", url)
    assert "expected one of media, multipart, resumable, got 'other'" in answer.json()["error"]["message"]


def test_the_google_client_resumes_in_chunks(open_server: Running, bucket: str) -> None:
    blob = google_client(open_server.endpoint, None).bucket(bucket).blob("x", chunk_size=262144)
    blob.upload_from_file(io.BytesIO(DATA), size=len(DATA), checksum="crc32c")
    assert open_server.store.read(bucket, "x") == DATA


def test_wrong_checksums_are_refused(open_server: Running, bucket: str) -> None:
    blob = google_client(open_server.endpoint, None).bucket(bucket).blob("x")
    blob.md5_hash = "AAAAAAAAAAAAAAAAAAAAAA=="
    with pytest.raises(BadRequest, match="doesn't match calculated MD5 hash"):
        blob.upload_from_string(DATA, checksum=None)
    assert list(open_server.store.list(bucket)) == []


def test_parts_of_the_xml_api_are_joined(open_server: Running, bucket: str, tmp_path: Path) -> None:
    whole = np.random.default_rng(9).bytes(11 * 2**20 + 5)
    (tmp_path / "whole").write_bytes(whole)
    blob = google_client(open_server.endpoint, None).bucket(bucket).blob("x")
    transfer_manager.upload_chunks_concurrently(
        str(tmp_path / "whole"), blob, chunk_size=5 * 2**20, max_workers=3, worker_type="thread"
    )
    assert open_server.store.read(bucket, "x") == whole
    assert open_server.store.get(bucket, "x").components == 3


def test_parts_must_be_the_ones_that_were_sent(open_server: Running, bucket: str) -> None:
    url = f"{open_server.endpoint}/{bucket}/x"
    begun = urllib3.request("POST", f"{url}?uploads").data.decode()
    upload = begun.partition("<UploadId>")[2].partition("</UploadId>")[0]
    tag = urllib3.request("PUT", f"{url}?uploadId={upload}&partNumber=1", body=b"one").headers["ETag"]

    def complete(*parts: tuple[int, str]) -> urllib3.BaseHTTPResponse:
        listed = "".join(f"<Part><PartNumber>{place}</PartNumber><ETag>{etag}</ETag></Part>" for place, etag in parts)
        body = f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>"
        return urllib3.request("POST", f"{url}?uploadId={upload}", body=body.encode())

    assert b"Part 1 of upload" in complete((1, '"other"')).data
    assert b"Part 2 of upload" in complete((1, tag), (2, tag)).data
    assert b"Expected parts in rising order" in complete((1, tag), (1, tag)).data
    assert urllib3.request("PUT", f"{url}?uploadId={upload}&partNumber=0", body=b"").status == 400
    assert list(open_server.store.list(bucket)) == []
    assert complete((1, tag)).status == 200
    assert open_server.store.read(bucket, "x") == b"one"
    assert complete((1, tag)).status == 404


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize("content", [b"", b"\r", b"\n", b"a\r\n--mark\r\nb", b"--mark--", DATA])
def test_a_related_body_gives_back_exactly_its_bytes(tmp_path: Path, newline: bytes, content: bytes) -> None:
    head = [
        b"--mark",
        b"Content-Type: application/json",
        b"",
        b'{"name": "x"}',
        b"--mark",
        b"Content-Type: a/b",
        b"",
        b"",
    ]
    received = tmp_path / "received"
    received.write_bytes(newline.join(head) + content + newline + b"--mark--" + newline)
    related = locate(received, 'multipart/related; boundary="mark"')
    extract(received, related, tmp_path / "content")
    assert (tmp_path / "content").read_bytes() == content
    assert (related.resource, related.content_type) == (b'{"name": "x"}', "a/b")


@pytest.mark.parametrize("body", [b"", b"--mark\r\n\r\n{}", b"--mark\r\n\r\n{}\r\n--mark\r\n\r\nbytes"])
def test_a_broken_related_body_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "received").write_bytes(body)
    with pytest.raises(StorageError, match="expected a JSON part, the object's part and a closing boundary"):
        locate(tmp_path / "received", "multipart/related; boundary=mark")
    with pytest.raises(StorageError, match="Expected a multipart Content-Type with a boundary, got 'text/plain'"):
        locate(tmp_path / "received", "text/plain")
