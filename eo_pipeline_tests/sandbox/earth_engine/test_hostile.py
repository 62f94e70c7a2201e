"""Requests no proper client sends: every one gets an answer, none a 500, and none leaves the data folder."""

import http.client
import json
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eo_pipeline_tests.processes import SandboxProcess
from eo_pipeline_tests.sandbox.clients import IMAGE, Clients
from eo_pipeline_tests.sandbox.following import TRANSFORM

P = "/v1/projects/sandbox-project"
POSTS = [
    f"{P}/value:compute",
    f"{P}/image:computePixels",
    f"{P}/image:export",
    f"{P}/operations/ABC:cancel",
    f"/v1/projects/earthengine-public/assets/{IMAGE}:getPixels",
    "/_sandbox/faults",
    "/_sandbox/clock",
    "/_sandbox/settings",
]
LOAD = {"functionInvocationValue": {"functionName": "Image.load", "arguments": {"id": {"constantValue": IMAGE}}}}
EXPRESSION = {"values": {"0": LOAD}, "result": "0"}
RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def kept(clients: Clients) -> Iterator[None]:
    """What a lucky body changed is put back."""
    yield
    clients.server.control("faults", method="DELETE")
    clients.server.control("clock", {"speed": 1})


def send(server: SandboxProcess, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def answers(server: SandboxProcess, path: str, body: bytes) -> int:
    status, content = send(server, "POST", path, body)
    assert status < 500, (path, body[:300], content)
    if status >= 400 and path.startswith("/v1"):
        assert set(json.loads(content)["error"]) == {"code", "message", "status"}
    return status


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"expression": 5}',
        b'{"expression": {}}',
        b'{"expression": {"result": "0"}}',
        b'{"expression": {"values": [], "result": 0}}',
        b'{"expression": {"values": {"0": {"valueReference": "0"}}, "result": "0"}}',
        b'{"expression": {"values": {"0": {}}, "result": "0"}}',
        b'{"expression": {"values": {"0": 7}, "result": "0"}}',
        b'{"expression": {"values": {"0": {"functionInvocationValue": 3}}, "result": "0"}}',
        b'{"expression": {"values": {"0": {"constantValue": NaN}}, "result": "0"}}',
        b'{"expression": {"values": {"0": {"integerValue": "x"}}, "result": "0"}}',
        b'{"expression": {"values": {"0": {"arrayValue": 1}}, "result": "0"}}',
        b'{"expression": {"values": {"0": {"dictionaryValue": {"values": 1}}}, "result": "0"}}',
    ],
)
def test_a_malformed_body_is_refused(clients: Clients, path: str, body: bytes) -> None:
    answers(clients.server, path, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "grid",
    "dimensions",
    "width",
    "height",
    "affineTransform",
    "scaleX",
    "translateX",
    "crsCode",
    "crsWkt",
    "bandIds",
    "fileFormat",
    "visualizationOptions",
    "ranges",
    "min",
    "max",
    "gamma",
    "paletteColors",
    "fileExportOptions",
    "cloudStorageDestination",
    "bucket",
    "filenamePrefix",
    "geoTiffOptions",
    "noData",
    "floatValue",
    "tileDimensions",
    "tileSize",
    "cloudOptimized",
    "maxPixels",
    "priority",
    "requestId",
    "description",
    "workloadTag",
    "value",
]
NESTED = st.recursive(JSON, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), max_leaves=12)


@RELAXED
@given(path=st.sampled_from(POSTS[:5]), members=st.dictionaries(st.sampled_from(NAMES), NESTED, max_size=6))
def test_members_of_any_kind_are_refused_or_understood(clients: Clients, path: str, members: dict[str, Any]) -> None:
    answers(clients.server, path, json.dumps({**members, "expression": EXPRESSION}).encode())


@RELAXED
@given(grid=st.dictionaries(st.sampled_from(["dimensions", "affineTransform", "crsCode", "crsWkt"]), NESTED))
def test_grids_of_any_kind_are_refused_or_understood(clients: Clients, grid: dict[str, Any]) -> None:
    body = {"expression": EXPRESSION, "fileFormat": "NPY", "grid": grid}
    answers(clients.server, f"{P}/image:computePixels", json.dumps(body).encode())


NODES = st.recursive(
    st.fixed_dictionaries({"constantValue": JSON})
    | st.fixed_dictionaries({"valueReference": st.sampled_from(["0", "1", "2"]) | JSON})
    | st.fixed_dictionaries({"argumentReference": JSON})
    | st.fixed_dictionaries({"integerValue": JSON})
    | st.fixed_dictionaries({"bytesValue": JSON}),
    lambda inner: (
        st.fixed_dictionaries({"arrayValue": st.fixed_dictionaries({"values": st.lists(inner, max_size=3)})})
        | st.fixed_dictionaries(
            {
                "functionInvocationValue": st.fixed_dictionaries(
                    {
                        "functionName": st.sampled_from(
                            [
                                "Image.load",
                                "Image.constant",
                                "Image.add",
                                "Image.select",
                                "Date",
                                "Filter.eq",
                                "Number.add",
                            ]
                        ),
                        "arguments": st.dictionaries(
                            st.sampled_from(["id", "value", "input", "left", "image1"]), inner
                        ),
                    }
                )
            }
        )
        | st.fixed_dictionaries(
            {"functionDefinitionValue": st.fixed_dictionaries({"argumentNames": JSON, "body": JSON})}
        )
    ),
    max_leaves=8,
)


@RELAXED
@given(values=st.dictionaries(st.sampled_from(["0", "1", "2"]), NODES))
def test_expressions_of_any_kind_are_refused_or_understood(clients: Clients, values: dict[str, Any]) -> None:
    body = json.dumps({"expression": {"values": values, "result": "0"}}).encode()
    answers(clients.server, f"{P}/value:compute", body)


@pytest.mark.parametrize(
    "path",
    [
        f"{P}/operations?pageSize=x",
        f"{P}/operations?pageToken=-1",
        f"{P}/operations?pageSize=99999999999999999999",
        f"{P}/operations/%00",
        f"{P}/operations/{'A' * 5000}",
        "/v1/projects/earthengine-public/assets/local/days:listAssets?pageToken=%FF%FE",
        "/v1/projects/earthengine-public/assets/local/days:listAssets?pageToken=LTE=",
        "/v1/projects/earthengine-public/assets/local/days:listAssets?filter=startTime%3E%3D%22%22",
        "/v1/projects/earthengine-public/assets/:listAssets",
        "/_sandbox/journal?since=x",
        "/_sandbox/nothing",
        "/v1/nothing",
    ],
)
def test_a_malformed_query_is_refused(clients: Clients, path: str) -> None:
    status, content = send(clients.server, "GET", path)
    assert 400 <= status < 500, content
    assert json.loads(content)["error"]["code"] == status


def test_another_method_is_refused(clients: Clients) -> None:
    assert send(clients.server, "GET", f"{P}/value:compute")[0] in {404, 405}
    assert send(clients.server, "BREW", "/v1/coffee")[0] < 500


def test_a_payload_over_the_limit_is_refused_in_the_service_s_words(clients: Clients) -> None:
    status, content = send(clients.server, "POST", f"{P}/value:compute", b" " * 10485761)
    assert status == 400
    assert "Request payload size exceeds the limit: 10485760 bytes" in json.loads(content)["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/../../../../etc/passwd",
        "/v1/projects/p/operations/..%2f..%2fjournal",
        "/v1/projects/earthengine-public/assets/..%2f..%2f..%2fetc/passwd",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/tiles/../../journal.jsonl",
        "/storage/v1/b/tiles/o/..%2f..%2f..%2fjournal.jsonl?alt=media",
        "/storage/v1/b/..%2f../o/journal.jsonl?alt=media",
    ],
)
def test_no_path_leads_out(clients: Clients, path: str) -> None:
    status, content = send(clients.server, "GET", path)
    assert 400 <= status < 500
    assert b"root:" not in content
    assert b'"event"' not in content


@pytest.mark.parametrize("prefix", ["../../../escaped", "/tmp/escaped", "a/../../../escaped", "x\x00y", "a\nb"])  # noqa: S108 - a name no file shall get
def test_no_export_is_written_outside(clients: Clients, prefix: str) -> None:
    files = {"bucket": "tiles", "filenamePrefix": prefix}
    reprojected = {
        "functionInvocationValue": {
            "functionName": "Image.reproject",
            "arguments": {
                "image": {"valueReference": "0"},
                "crs": {"constantValue": "EPSG:32633"},
                "crsTransform": {"constantValue": TRANSFORM},
            },
        }
    }
    body = {
        "expression": {"values": {"0": LOAD, "1": reprojected}, "result": "1"},
        "description": "escape",
        "fileExportOptions": {"fileFormat": "GEO_TIFF", "cloudStorageDestination": files},
    }
    known = set(clients.server.data.parent.rglob("*escaped*"))
    status, content = send(clients.server, "POST", f"{P}/image:export", json.dumps(body).encode())
    assert status < 500, content
    if status == 200:
        name = json.loads(content)["name"]
        while not json.loads(send(clients.server, "GET", f"/v1/{name}")[1]).get("done"):
            pass
    assert set(clients.server.data.parent.rglob("*escaped*")) == known
