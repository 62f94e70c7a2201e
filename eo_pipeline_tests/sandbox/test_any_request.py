"""Whatever is sent to whichever route: an answer, never a 500, nothing written outside the data folder."""

import http.client
import json
import os
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from eo_pipeline.sandbox.algorithms import registry
from eo_pipeline.sandbox.graph.signatures import wheel_algorithms
from eo_pipeline_tests.docs.pages import ROOT
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.any_requests import EXISTING, OUTSIDE, Place, Request, doubled, places, requests
from eo_pipeline_tests.sandbox.clients import write_catalog

JSON = (("Content-Type", "application/json"),)
MORE = int(os.environ.get("SANDBOX_FUZZ_EXAMPLES", "0"))
"""Requests to each route, other ones in each run, where somebody asks for them; else always the same few."""
EXAMPLES = MORE or 7
LIMITS = {"interactive_seconds": 5.0, "interactive_memory_bytes": 256 * 2**20}
HANG_SECONDS = 60.0
"""A hang guard: a client that waits so long without a byte has met a request that ignores `interactive_seconds`."""
MOST_MEMORY_KIB = 400 * 1024
"""Growth of the sandbox's peak memory."""
STEADY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not MORE,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def outer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds nothing but the sandbox's."""
    return tmp_path_factory.mktemp("outer")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> list[Place]:
    return places(tmp_path_factory.mktemp("table"))


@pytest.fixture(scope="module")
def server(outer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    catalog = write_catalog(tmp_path_factory.mktemp("catalog"))
    with running_sandbox(outer / "data", settings=LIMITS, catalog=catalog) as process:
        yield process


def fill(server: SandboxProcess) -> None:
    """Make the bucket and the object that some requests name, again if one deleted them; an asset, an operation."""
    send(server, Request("POST", "/storage/v1/b", (), b'{"name": "tiles"}'))
    send(server, Request("PUT", "/tiles/a/b.tif", (), b"bytes of an object"))
    send(server, Request("POST", "/v1/projects/sandbox-project/assets?assetId=kept", JSON, b'{"type": "FOLDER"}'))


def handed_out(server: SandboxProcess) -> dict[str, list[str]]:
    """Ids that the sandbox gave, by the parameter that takes them, and sessions of uploads."""
    project = "/v1/projects/sandbox-project"
    expression = {"values": {"0": {"constantValue": 1}}, "result": "0"}
    made = [
        json.loads(send(server, Request("POST", f"{project}/{group}", JSON, body))[1])["name"].rpartition("/")[2]
        for group, body in (
            ("thumbnails", json.dumps({"expression": expression, "fileFormat": "PNG"}).encode()),
            ("maps", json.dumps({"expression": expression, "fileFormat": "PNG"}).encode()),
            ("tables", json.dumps({"expression": expression, "fileFormat": "CSV"}).encode()),
        )
    ]
    options = {"cloudStorageDestination": {"bucket": "tiles", "filenamePrefix": f"../{OUTSIDE}"}}
    export = {"expression": expression, "fileExportOptions": {"fileFormat": "CSV", **options}}
    operation = json.loads(
        send(server, Request("POST", f"{project}/table:export", JSON, json.dumps(export).encode()))[1]
    )
    return {"id": made, "operation": [operation["name"].rpartition("/")[2]]}


def send(server: SandboxProcess, request: Request) -> tuple[int, bytes]:
    """The status and body of the answer."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=HANG_SECONDS)
    try:
        connection.putrequest(request.method, request.target, skip_accept_encoding=True)
        connection.putheader("Content-Length", str(len(request.body)))
        for name, value in request.headers:
            connection.putheader(name, value.encode("latin-1"))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def restore(server: SandboxProcess, before: dict[str, object]) -> None:
    """Undo what a lucky request to the control routes changed."""
    server.control("faults", method="DELETE")
    server.control("settings", before)
    server.control("clock", {"speed": 1})


def peak_kib(server: SandboxProcess) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def answered_by(server: SandboxProcess, place: Place, before: dict[str, object]) -> Callable[[Request], None]:
    """A check of one request to a route."""

    def answered(request: Request) -> None:
        status, content = send(server, request)
        if place.path.startswith("/_sandbox"):
            restore(server, before)
        assert status not in (500, 502, 504), (request, content)

    return answered


def test_any_request_to_any_route_is_answered(server: SandboxProcess, table: list[Place], outer: Path) -> None:
    functions = [*sorted(registry(wheel_algorithms())), "Classifier.smileCart", "no.such"]
    before = {name: entry["value"] for name, entry in server.control("settings")["settings"].items()}
    fill(server)
    known = {**EXISTING, **handed_out(server)}
    memory = peak_kib(server)
    for place in table:
        fill(server)
        STEADY(given(requests(place, outer, functions, known))(answered_by(server, place, before)))()
    assert peak_kib(server) - memory < MOST_MEMORY_KIB
    assert "Traceback" not in (server.data / "sandbox.log").read_text(encoding="utf-8")
    assert sorted(path.name for path in outer.iterdir()) == ["data"]
    assert [path for path in ROOT.iterdir() if OUTSIDE in path.name] == []


BATCH = (("Content-Type", "multipart/mixed; boundary=b"),)
STORED = "/storage/v1/b/tiles/o/a%2Fb.tif"
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000


def part(text: str) -> bytes:
    """A batch of one call."""
    return f"--b\r\nContent-Type: application/http\r\n\r\n{text}\r\n--b--\r\n".encode("latin-1")


@pytest.mark.parametrize(
    ("request_", "status", "message"),
    [
        (Request("POST", "/storage/v1/b", JSON, DEEP), 400, b"Parse Error"),
        (Request("POST", "/storage/v1/b", JSON, b'{"name": "nan", "x": NaN}'), 400, b"Parse Error"),
        (Request("POST", "/storage/v1/b", JSON, b'{"name": "big", "x": 1e999}'), 400, b"Parse Error"),
        (Request("POST", "/storage/v1/b", JSON, b'{"name": "odd", "x": "\\ud800"}'), 400, b"Parse Error"),
        (Request("PATCH", STORED, JSON, b'{"metadata": {"a": "\\ud800"}}'), 400, b"Parse Error"),
        (Request("POST", f"{STORED}/compose", JSON, b'{"sourceObjects": 5}'), 400, b"expected a list of objects"),
        (Request("POST", f"{STORED}/compose", JSON, b'{"sourceObjects": [5]}'), 400, b"got one of int"),
        (
            Request(
                "POST",
                f"{STORED}/compose",
                JSON,
                b'{"sourceObjects": [{"name": "a/b.tif"}], "destination": [1]}',
            ),
            400,
            b"Invalid destination: expected an object, got list",
        ),
        (
            Request("POST", f"{STORED}/compose", JSON, b'{"sourceObjects": [{"name": "a/b.tif", "generation": "x"}]}'),
            412,
            b"pre-conditions",
        ),
        (Request("GET", f"/storage/v1/b/tiles/o?maxResults={'1' * 5000}", (), b""), 400, b"expected a whole number"),
        (Request("GET", f"{STORED}?generation=%D9%A1", (), b""), 400, b"expected a whole number"),
        (Request("GET", "/storage/v1/b/tiles/o?matchGlob=%5Bz-a%5D", (), b""), 400, b"Invalid matchGlob"),
        (Request("GET", "/storage/v1/b/tiles/o", (("Authorization", "Bearer ya29.x.\xff"),), b""), 401, b"Invalid"),
        (Request("GET", "/tiles/a/b.tif", (("Range", f"bytes={'1' * 5000}-"),), b""), 200, b"bytes of an object"),
        (Request("POST", "/batch/storage/v1", BATCH, part("GET http://[x HTTP/1.1")), 400, b"no readable path"),
        (Request("POST", "/batch/storage/v1", BATCH, part("GET /x HTTP/1.1\r\nA: \xff\xfe")), 400, b"no readable path"),
    ],
)
def test_malformed_requests_are_refused_in_words(
    server: SandboxProcess, request_: Request, status: int, message: bytes
) -> None:
    fill(server)
    answer, content = send(server, request_)
    assert (answer, message in content) == (status, True), content


def array(node: object) -> object:
    return {"arrayValue": {"values": [node, node]}}


def texts(node: object) -> object:
    return {"functionInvocationValue": {"functionName": "String.cat", "arguments": {"string1": node, "string2": node}}}


def lists(node: object) -> object:
    return {"functionInvocationValue": {"functionName": "List.cat", "arguments": {"list": node, "other": node}}}


def flattened(node: object) -> object:
    return {"functionInvocationValue": {"functionName": "List.flatten", "arguments": {"list": array(node)}}}


@pytest.mark.parametrize(
    ("node", "start", "message"),
    [
        (array, 1, "User memory limit exceeded."),
        (texts, "a", "String.cat: 16777216 characters are too many; at most 10000000 are possible."),
        (lists, [1], "List.cat: 1048576 elements are too many; at most 1000000 are possible."),
        (flattened, [1], "List.flatten: 1000001 elements are too many; at most 1000000 are possible."),
    ],
)
def test_a_small_graph_of_a_huge_value_is_refused(
    server: SandboxProcess, node: Callable[[object], object], start: object, message: str
) -> None:
    before = peak_kib(server)
    body = json.dumps({"expression": doubled(40, node, start)}).encode()
    status, content = send(server, Request("POST", "/v1/projects/sandbox-project/value:compute", JSON, body))
    assert (status, json.loads(content)["error"]["message"]) == (400, message)
    assert peak_kib(server) - before < 3 * MOST_MEMORY_KIB


@pytest.mark.parametrize("path", ["/storage/v1/b", "/token", "/batch/storage/v1", "/v1/projects/p/value:compute"])
def test_a_body_that_is_held_in_memory_is_limited(server: SandboxProcess, path: str) -> None:
    status, content = send(server, Request("POST", path, BATCH, b" " * (11 << 20)))
    assert (status in {400, 413}, b"Request payload size exceeds the limit: 10485760 bytes." in content) == (True, True)


def test_what_a_writer_sets_adds_no_header(server: SandboxProcess) -> None:
    fill(server)
    said = {
        "contentType": "a\r\nEvil: 1",
        "cacheControl": "b\r\nEvil: 2",
        "metadata": {"k": "c\r\nEvil: 3", "x\r\ny": "d"},
    }
    assert send(server, Request("PATCH", STORED, JSON, json.dumps(said).encode()))[0] == 200
    with urllib.request.urlopen(f"{server.url}/tiles/a/b.tif") as answer:  # noqa: S310 - http to our own process
        headers = answer.headers
    assert "Evil" not in headers
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("a Evil: 1", "b Evil: 2")
    assert [key for key in headers if key.startswith("x-goog-meta-")] == ["x-goog-meta-k"]
