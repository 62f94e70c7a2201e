"""Slow patterns, long computations and large values end in time, as the service ends them; only this machine is heard.

What does not belong here: requests of any kind (`test_any_request`).
"""

import http.client
import json
import re
import socket
import time
import urllib.parse
from collections.abc import Iterator

import numpy as np
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.limits import Allowance, allowed, each, held_bytes, proceed, reserve
from eo_pipeline.sandbox.patterns import Pattern, PatternError
from eo_pipeline.sandbox.settings import Settings
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.any_requests import doubled

PROJECT = "/v1/projects/sandbox-project"
SLOW = r"((x+)+\2)+y.*"
"""Tries every way to share out the letters, in Python as in Java."""
SECONDS = 10.0
"""Until an answer, on a busy machine."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    limits = {"interactive_seconds": 1.0, "interactive_memory_bytes": 2**28, "computation_timed_out": "Too late."}
    with running_sandbox(tmp_path_factory.mktemp("limits"), settings=limits, buckets=["tiles"]) as process:
        yield process


def call(name: str, **arguments: object) -> dict[str, object]:
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def constant(value: object) -> dict[str, object]:
    return {"constantValue": value}


def asked(
    server: SandboxProcess, path: str, body: object = None, method: str = "POST"
) -> tuple[int, dict[str, object]]:
    """Status and JSON of an answer, which has to come in time."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server.url).netloc, timeout=SECONDS)
    connection.request(method, path, None if body is None else json.dumps(body))
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def refusal(server: SandboxProcess, node: object, **more: object) -> tuple[int, str]:
    values = {"r": node, **more}
    status, content = asked(server, f"{PROJECT}/value:compute", {"expression": {"values": values, "result": "r"}})
    error = content["error"]
    assert isinstance(error, dict)
    return status, str(error["message"])


TEXT = constant("x" * 5000 + "zq")
ENTRY = call("Dictionary.set", dictionary=constant({}), key=TEXT, value=constant(1))


@pytest.mark.parametrize(
    "node",
    [
        call("String.match", input=TEXT, regex=constant(SLOW)),
        call("String.match", input=TEXT, regex=constant(SLOW), flags=constant("gi")),
        call("String.replace", input=TEXT, regex=constant(SLOW), replacement=constant("")),
        call("String.split", string=TEXT, regex=constant(SLOW)),
        call("Dictionary.select", dictionary=ENTRY, selectors=constant([SLOW])),
        call("Dictionary.remove", dictionary=ENTRY, selectors=constant([SLOW])),
        call(
            "Feature.select",
            input=call("Feature", geometry=constant(None), metadata=ENTRY),
            propertySelectors=constant([SLOW]),
        ),
        call("Image.select", input=call("Dictionary.toImage", dictionary=ENTRY), bandSelectors=constant([SLOW])),
    ],
)
def test_a_pattern_that_takes_too_long_is_refused(server: SandboxProcess, node: dict[str, dict[str, object]]) -> None:
    name = node["functionInvocationValue"]["functionName"]
    assert refusal(server, node) == (400, f"{name}: Pattern '{SLOW}' takes too long to match.")


def test_a_slow_pattern_of_a_fault_holds_nobody_up(server: SandboxProcess) -> None:
    server.arm(kind="status", path=SLOW, status=503)
    status, _ = asked(server, f"/v1/{'x' * 5000}zq", method="GET")
    server.control("faults", method="DELETE")
    assert status == 404


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("(?:a{9999}){9999}", "Invalid pattern '(?:a{9999}){9999}': it is too large."),
        ("(?:foo){e<=3}", "Invalid pattern '(?:foo){e<=3}': illegal repetition."),
        ("(?R)", "Invalid pattern '(?R)': unknown extension ?R at position 1."),
        ("(", "Invalid pattern '(': missing ), unterminated subpattern at position 0."),
    ],
)
def test_patterns_that_cannot_be_used_are_refused(said: str, message: str) -> None:
    with pytest.raises(PatternError) as refused:
        Pattern(said)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("said", "text"), [(r"B\d{1,2}", "B12"), (r"\{e\}", "{e}"), ("[{}]+", "{}"), ("a{2}", "aa"), ("x{,3}", "xx")]
)
def test_ordinary_braces_are_read_as_python_reads_them(said: str, text: str) -> None:
    assert Pattern(said).full_match(text) == (re.fullmatch(said, text) is not None)


def test_a_long_computation_times_out_with_the_text_of_the_settings(server: SandboxProcess) -> None:
    sequence = call("List.sequence", start=constant(1), end=constant(1_000_000))
    values = {
        "list": sequence,
        "body": call("Number.add", left={"argumentReference": "x"}, right=constant(1)),
    }
    function = {"functionDefinitionValue": {"argumentNames": ["x"], "body": "body"}}
    node = call("List.map", list={"valueReference": "list"}, baseAlgorithm=function)
    assert refusal(server, node, **values) == (400, "Too late.")


def test_a_comparison_of_a_million_with_a_million_times_out(server: SandboxProcess) -> None:
    first, second = (call("List.sequence", start=constant(s), count=constant(1_000_000)) for s in (0, 2_000_000))
    assert refusal(server, call("List.removeAll", list=first, other=second)) == (400, "Too late.")


def test_many_pixels_of_a_region_exceed_the_memory(server: SandboxProcess) -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
    node = call(
        "Image.reduceRegion",
        image=call("Image.constant", value=constant(1)),
        reducer=call("Reducer.toList"),
        geometry=constant(square),
        scale=constant(10),
        maxPixels=constant(1e9),
    )
    assert refusal(server, node) == (400, "User memory limit exceeded.")


def test_large_values_of_shared_parts_are_compared_at_once(server: SandboxProcess) -> None:
    def two(node: object) -> object:
        return {"arrayValue": {"values": [node, node]}}

    values: dict[str, object] = {}
    for mark, start in (("a", 1), ("b", 1), ("c", 2)):
        graph = json.dumps(doubled(60, two, start)).replace('"valueReference": "', f'"valueReference": "{mark}')
        values |= {f"{mark}{key}": node for key, node in json.loads(graph)["values"].items()}
    pairs = [
        call("List.equals", list={"valueReference": "a0"}, other={"valueReference": other}) for other in ("b0", "c0")
    ]
    values["r"] = {"arrayValue": {"values": pairs}}
    content = asked(server, f"{PROJECT}/value:compute", {"expression": {"values": values, "result": "r"}})
    assert content == (200, {"result": [True, False]})


ENDLESS = {
    "values": {
        "list": call("List.sequence", start=constant(1), end=constant(1_000_000)),
        "other": call("List.sequence", start=constant(-1), end=constant(-1_000_000), step=constant(-1)),
        "r": call(
            "Collection",
            features={
                "arrayValue": {
                    "values": [
                        call(
                            "Feature",
                            geometry=constant(None),
                            metadata={
                                "dictionaryValue": {
                                    "values": {
                                        "n": call(
                                            "List.removeAll",
                                            list={"valueReference": "list"},
                                            other={"valueReference": "other"},
                                        )
                                    }
                                }
                            },
                        )
                    ]
                }
            },
        ),
    },
    "result": "r",
}
"""A table that takes hours."""


def exported(server: SandboxProcess) -> str:
    """The path of a running export of `ENDLESS`."""
    options = {"fileFormat": "CSV", "cloudStorageDestination": {"bucket": "tiles", "filenamePrefix": "x"}}
    _, content = asked(server, f"{PROJECT}/table:export", {"expression": ENDLESS, "fileExportOptions": options})
    path = f"/v1/{content['name']}"
    assert state(server, path, "RUNNING")["state"] == "RUNNING"
    return path


def state(server: SandboxProcess, path: str, wanted: str) -> dict[str, object]:
    """The metadata of an operation once it is in a state, or after SECONDS."""
    end = time.monotonic() + SECONDS
    while True:
        metadata = asked(server, path, method="GET")[1]["metadata"]
        assert isinstance(metadata, dict)
        if metadata["state"] == wanted or time.monotonic() > end:
            return metadata
        time.sleep(0.1)


def test_a_cancelled_operation_stops_in_the_middle_of_its_computation(server: SandboxProcess) -> None:
    path = exported(server)
    asked(server, f"{path}:cancel", {})
    assert state(server, path, "CANCELLED")["state"] == "CANCELLED"


def test_an_operation_has_a_limit_of_its_own(server: SandboxProcess) -> None:
    server.control("settings", {"batch_seconds": 1.0})
    path = exported(server)
    assert state(server, path, "FAILED")["state"] == "FAILED"
    server.control("settings", {"batch_seconds": 0.0})
    error = asked(server, path, method="GET")[1]["error"]
    assert isinstance(error, dict)
    assert error["message"] == "Too late."


def test_only_this_machine_is_heard(server: SandboxProcess) -> None:
    address = urllib.parse.urlsplit(server.url)
    assert (address.hostname, address.port is not None) == ("127.0.0.1", True)
    with pytest.raises(ConnectionRefusedError):  # who listens at all addresses is heard at this one too
        socket.create_connection(("127.0.0.2", address.port or 0), timeout=5)


def test_limits_count_time_memory_and_wishes() -> None:
    with allowed(Allowance(seconds=1e-9, timed_out="late")), pytest.raises(ServiceError, match="late"):
        list(each(range(3)))
    with allowed(Allowance(memory=100, memory_exceeded="full")):
        reserve(100)
        with pytest.raises(ServiceError, match="full"):
            reserve(101)

    def unwanted() -> None:
        raise KeyError("unwanted")

    with allowed(Allowance(stopped=unwanted)), pytest.raises(KeyError, match="unwanted"):
        proceed()
    proceed()
    reserve(1e30)
    assert held_bytes(np.broadcast_to(np.float64(1), (1000, 1000))) == 8
    assert held_bytes(np.zeros((10, 20), np.float32)) == 800
    assert held_bytes(np.zeros((0, 20))) == 0


def test_the_default_limits_are_the_documented_ones() -> None:
    assert (Settings().interactive_seconds, Settings().computation_timed_out) == (300.0, "Computation timed out.")
