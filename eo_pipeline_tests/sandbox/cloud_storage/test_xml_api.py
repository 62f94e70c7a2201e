"""The XML API over plain HTTP: buckets, both listings, conditions, copies, errors."""

import re
from urllib.parse import quote

import pytest
import urllib3

from eo_pipeline_tests.sandbox.cloud_storage.server import Running


@pytest.fixture
def url(open_server: Running, bucket: str) -> str:
    return f"{open_server.endpoint}/{bucket}"


def test_buckets(open_server: Running, bucket: str) -> None:
    made = f"{open_server.endpoint}/{bucket}-made"
    assert urllib3.request("HEAD", made).status == 404
    assert urllib3.request("PUT", made).status == 200
    assert urllib3.request("HEAD", made).status == 200
    assert b"<Code>BucketAlreadyOwnedByYou</Code>" in urllib3.request("PUT", made).data
    assert urllib3.request("DELETE", made).status == 204
    assert b"<Code>NoSuchBucket</Code>" in urllib3.request("GET", made).data


@pytest.mark.parametrize(
    ("first", "following", "tag"),
    [("?", "&marker=", "NextMarker"), ("?list-type=2", "&continuation-token=", "NextContinuationToken")],
)
def test_both_listings_page_through_names_and_folders(url: str, first: str, following: str, tag: str) -> None:
    for name in ("a", "b/1", "b/2", "c&d", "e/f/1", "g"):
        assert urllib3.request("PUT", f"{url}/{quote(name)}", body=b"1").status == 200
    found: list[str] = []
    token = ""
    for _ in range(10):
        continued = following + quote(token, safe="") if token else ""
        text = urllib3.request("GET", f"{url}{first}&delimiter=/&max-keys=2{continued}").data.decode()
        found += re.findall("<Key>(.*?)</Key>", text) + re.findall("<CommonPrefixes><Prefix>(.*?)</Prefix>", text)
        token = "".join(re.findall(f"<{tag}>(.*?)</{tag}>", text)).replace("&amp;", "&")
        assert (f"<IsTruncated>{'true' if token else 'false'}</IsTruncated>") in text
        if not token:
            break
    assert found == ["a", "b/", "c&amp;d", "e/", "g"]


def test_conditions_and_headers(url: str) -> None:
    once = {"x-goog-if-generation-match": "0", "x-goog-meta-made": "here", "Content-Type": "image/tiff"}
    written = urllib3.request("PUT", f"{url}/x", body=b"123", headers=once)
    assert urllib3.request("PUT", f"{url}/x", body=b"2", headers=once).status == 412
    head = urllib3.request("HEAD", f"{url}/x")
    assert (head.status, head.data, head.headers["Content-Length"]) == (200, b"", "3")
    assert head.headers["x-goog-meta-made"] == "here"
    assert head.headers["Content-Type"] == "image/tiff"
    assert head.headers["x-goog-generation"] == written.headers["x-goog-generation"]
    assert head.headers["ETag"] == written.headers["ETag"] == '"202cb962ac59075b964b07152d234b70"'
    assert urllib3.request("GET", f"{url}/x", headers={"If-None-Match": head.headers["ETag"]}).status == 304
    stale = urllib3.request("DELETE", f"{url}/x", headers={"x-goog-if-generation-match": "1"})
    assert b"<Code>PreconditionFailed</Code>" in stale.data
    wrong = urllib3.request("PUT", f"{url}/x", body=b"2", headers={"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})
    assert wrong.status == 400
    assert urllib3.request("GET", f"{url}/x").data == b"123"


def test_copies(url: str, bucket: str) -> None:
    urllib3.request("PUT", f"{url}/a%20b", body=b"123", headers={"Content-Type": "image/tiff"})
    copied = urllib3.request("PUT", f"{url}/copy", headers={"x-goog-copy-source": f"/{bucket}/a%20b"})
    assert b"<CopyObjectResult>" in copied.data
    read = urllib3.request("GET", f"{url}/copy")
    assert (read.data, read.headers["Content-Type"]) == (b"123", "image/tiff")


def test_errors(url: str) -> None:
    assert b"<Code>NoSuchKey</Code>" in urllib3.request("GET", f"{url}/never").data
    assert urllib3.request("POST", f"{url}/x").status == 400
    assert urllib3.request("PATCH", f"{url}/x").status == 405
    beyond = urllib3.request("PUT", f"{url}/x", body=b"1")
    assert beyond.status == 200
    assert b"<Code>InvalidRange</Code>" in urllib3.request("GET", f"{url}/x", headers={"Range": "bytes=5-"}).data
