"""Requests that no client sends: Drive answers 4xx, never 500, and still lists afterwards."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eo_pipeline_tests.processes import SandboxProcess

RELAXED = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIELDS = ["id", "name", "mimeType", "parents", "properties", "appProperties", "trashed", "starred", "modifiedTime"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def answer(server: SandboxProcess, method: str, path: str, **more: Any) -> requests.Response:
    """An answer that is no failure of the sandbox."""
    found = requests.request(method, f"{server.url}{path}", timeout=10, **more)
    assert found.status_code < 500, found.text
    return found


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"name": 1}',
        b'{"name": "\\ud800"}',
        b'{"parents": "x"}',
        b'{"parents": [1]}',
        b'{"modifiedTime": "0001-01-01T00:00:00+23:59"}',
        b'{"properties": {"a": {}}}',
    ],
)
def test_a_wrong_resource_is_refused_and_leaves_nothing(sandbox_server: SandboxProcess, body: bytes) -> None:
    assert answer(sandbox_server, "POST", "/drive/v3/files", data=body).status_code in {400, 403}
    assert answer(sandbox_server, "GET", "/drive/v3/files").status_code == 200


@pytest.mark.parametrize("media_type", ["中", "a\r\nx-injected: yes", ""])
def test_a_type_that_is_no_header_is_not_sent_as_one(sandbox_server: SandboxProcess, media_type: str) -> None:
    made = answer(sandbox_server, "POST", "/drive/v3/files", json={"mimeType": media_type}).json()["id"]
    media = answer(sandbox_server, "GET", f"/drive/v3/files/{made}", params={"alt": "media"})
    assert media.headers["content-type"] == "application/octet-stream"
    assert "x-injected" not in media.headers


@pytest.mark.parametrize("name", ["../../escaped", "/etc/passwd", "..", "a/b\x00c"])
def test_a_name_is_no_path(sandbox_server: SandboxProcess, name: str) -> None:
    before = set(_outside(sandbox_server))
    upload = {"data": b"x", "params": {"uploadType": "media"}}
    made = answer(sandbox_server, "POST", "/upload/drive/v3/files", **upload).json()["id"]
    changed = answer(sandbox_server, "PATCH", f"/drive/v3/files/{made}", json={"name": name}, params={"fields": "name"})
    assert changed.json() == {"name": name}
    assert answer(sandbox_server, "GET", f"/drive/v3/files/{quote(name, safe='')}").status_code in {404, 405}
    assert answer(sandbox_server, "POST", "/drive/v3/files", json={"id": name}).status_code < 500
    assert set(_outside(sandbox_server)) == before


def _outside(server: SandboxProcess) -> list[Path]:
    """What lies beside the sandbox's folder, and in it beside the drive's."""
    return [*server.data.parent.iterdir(), *(path for path in server.data.iterdir() if path.name != "drive")]


@RELAXED
@given(body=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4))
def test_members_of_any_kind_are_refused_or_understood(sandbox_server: SandboxProcess, body: dict[str, Any]) -> None:
    answer(sandbox_server, "POST", "/drive/v3/files", data=json.dumps(body).encode())
    assert answer(sandbox_server, "GET", "/drive/v3/files", params={"fields": "*"}).status_code == 200


WORDS = [
    "name",
    "'a'",
    "=",
    "contains",
    "and",
    "or",
    "not",
    "(",
    ")",
    "in",
    "parents",
    "has",
    "{",
    "}",
    "key",
    "trashed",
]


@RELAXED
@given(words=st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=9), mask=st.text("(),/*ab ", max_size=9))
def test_any_query_and_mask_is_answered(sandbox_server: SandboxProcess, words: list[str], mask: str) -> None:
    answer(sandbox_server, "GET", "/drive/v3/files", params={"q": " ".join(words)})
    answer(sandbox_server, "GET", "/drive/v3/files", params={"fields": mask})


@pytest.mark.parametrize("query", ["(" * 5000 + "trashed=true" + ")" * 5000, "not " * 5000 + "trashed=true"])
def test_a_deep_query_is_refused(sandbox_server: SandboxProcess, query: str) -> None:
    assert answer(sandbox_server, "GET", "/drive/v3/files", params={"q": query}).status_code == 400
    assert answer(sandbox_server, "GET", "/drive/v3/files", params={"fields": "a(" * 5000}).status_code == 400
