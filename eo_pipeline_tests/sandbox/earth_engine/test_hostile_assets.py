"""Requests about assets that no proper client sends: none gets a 500, and none leaves the data folder."""

import json
from typing import Any

import ee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eo_pipeline_tests.sandbox.clients import IMAGE, PROJECT, Clients
from eo_pipeline_tests.sandbox.earth_engine.test_hostile import EXPRESSION, JSON, answers, send

P = f"/v1/projects/{PROJECT}"
OWN = f"{P}/assets/hostile"
PATHS = [
    f"{P}/image:export",
    f"{P}/table:export",
    f"{P}/image:import",
    f"{P}/table:import",
    f"{P}/maps",
    f"{P}/thumbnails",
    f"{P}/tables",
    f"{P}/table:computeFeatures",
    f"{P}/assets?assetId=made",
    f"{OWN}:copy",
    f"{OWN}:move",
    f"{OWN}:setIamPolicy",
    f"{OWN}:getIamPolicy",
]
NAMES = [
    "assetExportOptions", "earthEngineDestination", "name", "overwrite", "pyramidingPolicy",
    "pyramidingPolicyOverrides", "imageManifest", "tableManifest", "tilesets", "sources", "uris", "id",
    "bands", "tilesetId", "tilesetBandIndex", "maskBands", "missingData", "values", "crs", "properties",
    "startTime", "end_time", "seconds", "nanos", "type", "destinationName", "policy", "bindings", "role",
    "members", "updateMask", "paths", "asset", "requestId", "uriPrefix", "charset", "csvDelimiter",
    "fileFormat", "visualizationOptions", "bandIds", "pageSize", "pageToken", "selectors",
]  # fmt: skip
WORDS = st.sampled_from(
    [
        "MEAN",
        "IMAGE_COLLECTION",
        "FOLDER",
        f"projects/{PROJECT}/assets/x",
        "gs://tiles/x.tif",
        "EPSG:32633",
        "ts",
        "CSV",
    ]
)
BODIES = st.dictionaries(
    st.sampled_from(NAMES),
    st.recursive(
        JSON | WORDS,
        lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=4) | st.lists(inner, max_size=2),
        max_leaves=15,
    ),
    max_size=6,
)
RELAXED = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module", autouse=True)
def hostile(clients: Clients) -> None:
    """An asset to be changed."""
    assert clients.server.url
    ee.data.createFolder(f"projects/{PROJECT}/assets/hostile")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"expression": 5}', b'{"name": 5}']
)
def test_a_malformed_body_is_refused(clients: Clients, path: str, body: bytes) -> None:
    answers(clients.server, path, body)


@RELAXED
@given(path=st.sampled_from(PATHS), body=BODIES)
def test_bodies_of_any_kind_are_refused_or_understood(clients: Clients, path: str, body: dict[str, Any]) -> None:
    answers(clients.server, path, json.dumps({**body, "expression": EXPRESSION}).encode())


@RELAXED
@given(body=BODIES, paths=st.lists(st.text(max_size=12) | st.sampled_from(NAMES), max_size=3))
def test_updates_of_any_kind_are_refused_or_understood(
    clients: Clients, body: dict[str, Any], paths: list[str]
) -> None:
    content = json.dumps({"updateMask": {"paths": paths}, "asset": body}).encode()
    status, answer = send(clients.server, "PATCH", OWN, content)
    assert status < 500, answer


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("missingData", {"values": [10**400]}),
        ("missingData", {"values": [True, float("nan")]}),
        ("bands", [{"id": "a", "tilesetId": "ts", "tilesetBandIndex": 2**63}]),
        ("maskBands", [{"tilesetId": "other"}]),
        ("maskBands", "all"),
        ("startTime", {"seconds": 1e300}),
        ("properties", {"big": 10**400, "": 1}),
        ("uriPrefix", 5),
    ],
)
def test_members_of_a_manifest_are_refused_or_understood(clients: Clients, key: str, values: Any) -> None:
    tilesets = [{"id": "ts", "sources": [{"uris": ["gs://tiles/x.tif"]}]}]
    manifest = {"name": f"projects/{PROJECT}/assets/fuzzed", "tilesets": tilesets, key: values}
    answers(clients.server, f"{P}/image:import", json.dumps({"imageManifest": manifest}).encode())


@pytest.mark.parametrize("key", ["imageManifest", "tableManifest"])
@RELAXED
@given(manifest=BODIES)
def test_manifests_of_any_kind_are_refused_or_understood(clients: Clients, key: str, manifest: dict[str, Any]) -> None:
    body = {key: {"name": f"projects/{PROJECT}/assets/fuzzed", **manifest}}
    answers(clients.server, f"{P}/{key.removesuffix('Manifest')}:import", json.dumps(body).encode())


NASTY = [
    "../../../escaped",
    "..%2f..%2fescaped",
    "/escaped",
    "a\x00escaped",
    "é-escaped",
    "x" * 3000,
    "a//escaped",
    ".",
]


@pytest.mark.parametrize("name", NASTY)
def test_no_asset_is_written_outside(clients: Clients, name: str) -> None:
    known = set(clients.server.data.parent.rglob("*escaped*"))
    body = {"destinationName": f"projects/{PROJECT}/assets/{name}"}
    assert 400 <= answers(clients.server, f"{OWN}:move", json.dumps(body).encode()) < 500
    exported = {
        "expression": EXPRESSION,
        "assetExportOptions": {"earthEngineDestination": {"name": f"projects/{PROJECT}/assets/{name}"}},
    }
    status, content = send(clients.server, "POST", f"{P}/image:export", json.dumps(exported).encode())
    assert status < 500, content
    if status == 200:
        operation = json.loads(content)
        while not operation.get("done"):
            operation = json.loads(send(clients.server, "GET", f"/v1/{operation['name']}")[1])
        assert operation["metadata"]["state"] == "FAILED"
        assert "Internal" not in operation["error"]["message"]
    assert set(clients.server.data.parent.rglob("*escaped*")) == known
    assert ee.data.getAsset(IMAGE)["type"] == "IMAGE"
