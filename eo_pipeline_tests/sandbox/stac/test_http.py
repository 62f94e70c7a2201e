"""Files by range, headers, faults and wrong requests, over plain HTTP."""

import hashlib
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import odc.stac
import pytest
import rasterio
from rasterio.io import MemoryFile

from eo_pipeline_tests.sandbox.clients import NODATA, numbers
from eo_pipeline_tests.sandbox.stac.conftest import Archive

FILE = "/stac/files/local_numbers/numbers/numbers.tif"
SCENE = "/stac/files/sentinel-s2-l2a-cogs/33/U/WP/2023/6/S2B_33UWP_20230624_0_L2A"


class Answer:
    """An answer that was read to its end."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.content = response.status, response.headers, response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.content)


def ask(archive: Archive, path: str, *, method: str = "GET", body: object = None, **headers: str) -> Answer:
    """One request; underscores in the names of headers become hyphens."""
    connection = http.client.HTTPConnection(urlsplit(archive.server.url).netloc, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, content, named)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def test_ranges_are_parts_of_the_whole_file(archive: Archive) -> None:
    whole = ask(archive, FILE)
    size = len(whole.content)
    assert (whole.status, whole.headers["Accept-Ranges"]) == (200, "bytes")
    for said, start, stop in [
        ("bytes=0-99", 0, 100),
        ("bytes=16000-17000", 16000, 17001),
        ("bytes=-7", size - 7, size),
    ]:
        part = ask(archive, FILE, Range=said)
        assert part.status == 206
        assert part.content == whole.content[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    beyond = ask(archive, FILE, Range=f"bytes={size}-")
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")


def test_a_head_request_tells_the_size_only(archive: Archive) -> None:
    head, whole = ask(archive, FILE, method="HEAD"), ask(archive, FILE)
    assert head.content == b""
    assert int(head.headers["Content-Length"]) == len(whole.content)
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert ask(archive, FILE, If_None_Match=whole.headers["ETag"]).status == 304
    assert ask(archive, FILE, If_Match='"other"').status == 412
    assert ask(archive, FILE, Range="bytes=0-9", If_Range='"other"').status == 200


def test_the_whole_file_is_a_raster(archive: Archive) -> None:
    with MemoryFile(ask(archive, FILE).content) as memory, memory.open() as file:
        np.testing.assert_array_equal(file.read(1, masked=True).filled(NODATA), numbers())


def test_bytes_of_a_scene_are_the_same_whatever_the_range(archive: Archive) -> None:
    path = f"{SCENE}/SCL.tif"
    size = int(ask(archive, path, method="HEAD").headers["Content-Length"])
    start = size // 2
    long = ask(archive, path, Range=f"bytes={start}-{start + 299_999}").content
    parts = [
        ask(archive, path, Range=f"bytes={at}-{at + 99_999}").content for at in range(start, start + 300_000, 100_000)
    ]
    assert hashlib.sha256(long).digest() == hashlib.sha256(b"".join(parts)).digest()


@pytest.mark.parametrize(
    "path",
    [
        f"{SCENE}/B99.tif",
        f"{SCENE}/../SCL.tif",
        f"{SCENE.replace('/6/', '/7/')}/SCL.tif",
        "/stac/files/nowhere/x/y.tif",
        "/stac/files/local_numbers/..%2f..%2fnumbers/numbers.tif",
        "/stac/nowhere",
        "/stac/v1/collections/nowhere/items",
        "/stac/static/local_days/20240501/20240502.json",
        "/stac/static/local_days/20240599/20240599.json",
    ],
)
def test_what_is_not_there_is_not_found(archive: Archive, path: str) -> None:
    assert ask(archive, path).status == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"bbox": [1, 2, 3]}, "bbox: expected 4 or 6 numbers"),
        ({"bbox": [1, 20, 3, 10]}, "bbox: expected degrees, south before north"),
        ({"bbox": [0, 0, 1, 1], "intersects": {"type": "Point", "coordinates": [0, 0]}}, "expected bbox or intersects"),
        ({"intersects": {"type": "Point"}}, "intersects: expected a GeoJSON geometry"),
        ({"intersects": {"type": "Point", "coordinates": [0, 1e308]}}, "intersects: expected a GeoJSON geometry"),
        ({"datetime": "June"}, "datetime: expected an RFC 3339 time"),
        ({"datetime": "2023-06-02T00:00:00Z/2023-06-01T00:00:00Z"}, "datetime: expected"),
        ({"limit": 0}, "limit: expected a number from 1 to 10000, got 0"),
        ({"limit": "many"}, "Invalid value at 'limit'"),
        ({"ids": "one"}, "Invalid value at 'ids'"),
        ({"query": {"eo:cloud_cover": {"about": 3}}}, "query: expected an operator among"),
        ({"query": {"eo:cloud_cover": 3}}, "query: expected an object of objects"),
        ({"filter": {"op": "nearly", "args": [{"property": "a"}, 1]}}, "filter: expected an operator among"),
        ({"filter": {"op": "=", "args": [1, 1]}}, "filter: expected {property: name} first"),
        ({"filter": {"op": "=", "args": []}}, "filter: expected arguments of '='"),
        ({"filter": "a = 1"}, "filter: expected CQL2 as JSON"),
        ({"filter": {}, "filter-lang": "cql2-text"}, "filter-lang: expected cql2-json"),
        ({"sortby": "datetime"}, "sortby: expected a list of {field, direction}"),
        ({"sortby": [{"field": "id", "direction": "up"}]}, "sortby: expected asc or desc"),
        ({"collections": ["local_days"], "next": "nobody"}, "next: expected what a link to the next page says"),
    ],
)
def test_wrong_searches_are_refused_in_words(archive: Archive, body: dict[str, object], message: str) -> None:
    answer = ask(archive, "/stac/v1/search", method="POST", body=body, Content_Type="application/json")
    assert answer.status == 400
    assert answer.json["description"].startswith(message)
    assert answer.json["code"] == 400


@pytest.mark.parametrize(
    "query",
    [
        "bbox=a,b",
        "query={",
        "intersects=[",
        "sortby=,",
        "fields=,,-",
        "datetime=/",
        "limit=%00",
        "ids=..%2f..",
        "next=,",
    ],
)
def test_strange_addresses_are_never_a_failure_of_the_server(archive: Archive, query: str) -> None:
    assert ask(archive, f"/stac/v1/search?collections=local_days&{query}").status in {200, 400}


def test_faults_meet_the_archive(archive: Archive) -> None:
    archive.server.arm(kind="status", path="/stac/v1/search", status=502)
    assert ask(archive, "/stac/v1/search").status == 502
    archive.server.arm(kind="corrupted", path=r"\.tif$", at=8)
    assert ask(archive, FILE, Range="bytes=0-99").content != ask(archive, FILE, Range="bytes=0-99").content


def test_a_reader_fails_when_a_fault_meets_its_file(archive: Archive) -> None:
    (item,) = archive.client.search(collections=["local_days"], ids=["20240507"]).items()
    archive.server.arm(kind="status", path="20240507", status=403, count=None)
    try:
        with pytest.raises(rasterio.errors.RasterioIOError, match="HTTP response code: 403"):
            odc.stac.load([item], bands=["day"], fail_on_error=True)
    finally:
        archive.server.control("faults", method="DELETE")
