"""The sandbox's own routes."""

from datetime import datetime
from typing import Any

import pytest
import requests

from eo_pipeline_tests.processes import SandboxProcess


def refused(server: SandboxProcess, path: str, body: Any) -> str:
    answer = requests.post(f"{server.url}/_sandbox/{path}", json=body, timeout=10)
    assert answer.status_code == 400
    return str(answer.json()["error"]["message"])


def test_the_clock_is_read_ticked_and_sped_up(sandbox_server: SandboxProcess) -> None:
    before = datetime.fromisoformat(sandbox_server.control("clock", {"speed": 0})["now"])
    after = sandbox_server.control("clock", {"tick": 3600})
    assert (datetime.fromisoformat(after["now"]) - before).total_seconds() == 3600
    assert sandbox_server.control("clock") == after
    assert sandbox_server.control("clock", {"speed": 2})["speed"] == 2


def test_settings_are_read_and_changed(sandbox_server: SandboxProcess) -> None:
    settings = sandbox_server.control("settings", {"running_at_once": 7})["settings"]
    assert settings["running_at_once"] == {
        "value": 7,
        "source": "documented",
        "says": "operations of one project that run at the same time",
    }
    assert sandbox_server.control("settings")["settings"] == settings


def test_faults_are_armed_listed_and_cleared(sandbox_server: SandboxProcess) -> None:
    sandbox_server.arm(kind="status", path="/never", status=429, count=3)
    [fault] = sandbox_server.control("faults")["faults"]
    assert (fault["kind"], fault["path"], fault["status"], fault["count"]) == ("status", "/never", 429, 3)
    sandbox_server.control("faults", method="DELETE")
    assert sandbox_server.control("faults") == {"faults": []}


def test_the_journal_is_read_from_a_number_on(sandbox_server: SandboxProcess) -> None:
    for name in ("first-bucket", "other-bucket"):
        requests.post(f"{sandbox_server.url}/storage/v1/b", json={"name": name}, timeout=10)
    requested = sandbox_server.events("request")
    assert [(event["method"], event["path"], event["status"]) for event in requested] == [
        ("POST", "/storage/v1/b", 200)
    ] * 2
    later = sandbox_server.control(f"journal?since={requested[1]['number']}")["events"]
    assert later[0] == requested[1]


def test_reading_is_not_journaled(sandbox_server: SandboxProcess) -> None:
    before = sandbox_server.control("journal")
    expression: Any = {"values": {"0": {"constantValue": 1}}, "result": "0"}
    url = f"{sandbox_server.url}/v1/projects/sandbox-project/value:compute"
    assert requests.post(url, json={"expression": expression}, timeout=10).json() == {"result": 1}
    assert sandbox_server.control("journal") == before


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("clock", {"tick": -1}, "time only moves forward"),
        ("clock", {"speed": "fast"}, "Invalid value at 'speed'"),
        ("settings", {"runing_at_once": 1}, "expected names among"),
        ("faults", {"kind": "explode"}, "expected kind among"),
        ("faults", [], "Expected an object, got list"),
    ],
)
def test_wrong_wishes_are_refused(sandbox_server: SandboxProcess, path: str, body: object, message: str) -> None:
    assert message in refused(sandbox_server, path, body)
