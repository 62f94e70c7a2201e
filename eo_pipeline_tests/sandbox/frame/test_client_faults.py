"""What goes wrong on purpose, as the real clients see it."""

import time
import urllib.error
from collections.abc import Iterator

import ee
import numpy as np
import pytest
import requests

from eo_pipeline_tests.sandbox.clients import PROJECT, Clients
from eo_pipeline_tests.sandbox.following import ended, export, state

COMPUTE = "value:compute$"


@pytest.fixture(autouse=True)
def disarmed(clients: Clients) -> Iterator[None]:
    yield
    clients.server.control("faults", method="DELETE")


def fails_once(message: str) -> None:
    """The next computation fails with a message, the one after it succeeds."""
    with pytest.raises(ee.EEException, match=message):
        ee.Number(1).getInfo()
    assert ee.Number(1).getInfo() == 1


def test_a_status_with_its_message(clients: Clients) -> None:
    clients.server.arm(kind="status", path=COMPUTE, status=429, message="Too many concurrent aggregations.")
    fails_once(r"Too many concurrent aggregations\.")


def test_a_retrying_client_outlives_it(clients: Clients) -> None:
    clients.server.arm(kind="status", path=COMPUTE, status=503)
    ee.data.setMaxRetries(1)
    try:
        assert ee.Number(2).getInfo() == 2
    finally:
        ee.data.setMaxRetries(0)
    assert clients.server.control("faults")["faults"] == []


def test_a_slow_answer_meets_the_client_s_deadline(clients: Clients) -> None:
    clients.server.arm(kind="slow", path=COMPUTE, seconds=2)
    began = time.monotonic()
    assert ee.Number(3).getInfo() == 3
    assert time.monotonic() - began >= 2


def test_a_slow_answer_holds_up_nobody_else(clients: Clients) -> None:
    clients.server.arm(kind="slow", path="never_ready$", seconds=60)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{clients.server.url}/v1/never_ready", timeout=0.2)
    assert ee.Number(3).getInfo() == 3


def test_a_slow_reply_comes_after_the_deed(clients: Clients) -> None:
    buckets = f"{clients.server.url}/storage/v1/b"
    clients.server.arm(kind="slow_reply", path="/storage/v1/b$", method="POST", seconds=60)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(buckets, params={"project": PROJECT}, json={"name": "made-in-silence"}, timeout=0.5)
    assert requests.get(f"{buckets}/made-in-silence", timeout=5).status_code == 200


def test_a_reset_connection(clients: Clients) -> None:
    url = f"{clients.server.url}/v1/projects/{PROJECT}/algorithms"
    clients.server.arm(kind="reset", path="/algorithms$")
    with pytest.raises(requests.exceptions.ConnectionError, match="reset by peer"):
        requests.get(url, timeout=5)
    assert requests.get(url, timeout=5).status_code == 200


def test_the_earth_engine_client_sees_a_reset(clients: Clients) -> None:
    clients.server.arm(kind="reset", path=COMPUTE, count=None)
    with pytest.raises((ee.EEException, OSError)):
        ee.Number(1).getInfo()


def test_a_truncated_body(clients: Clients) -> None:
    clients.server.arm(kind="truncated", path="/algorithms$", at=100)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match=r"IncompleteRead\(100 bytes read"):
        requests.get(f"{clients.server.url}/v1/projects/{PROJECT}/algorithms", timeout=5)


def test_a_corrupted_body_differs_in_one_bit(clients: Clients) -> None:
    url = f"{clients.server.url}/v1/projects/{PROJECT}/algorithms"
    whole = requests.get(url, timeout=5).content
    clients.server.arm(kind="corrupted", path="/algorithms$")
    spoilt = requests.get(url, timeout=5).content
    assert len(spoilt) == len(whole)
    changed = np.unpackbits(np.frombuffer(spoilt, "u1") ^ np.frombuffer(whole, "u1"))
    assert changed.sum() == 1


def test_corrupted_downloads_are_caught_by_the_storage_client(clients: Clients) -> None:
    blob = clients.storage.bucket("tiles").blob("precious")
    blob.upload_from_string(b"x" * 1000)
    clients.server.arm(kind="corrupted", path="/download/|/b/tiles/o/precious$", method="GET", after=0)
    with pytest.raises(Exception, match=r"(?i)checksum"):
        blob.download_as_bytes()
    assert blob.download_as_bytes() == b"x" * 1000


def test_a_lost_reply_has_its_effect(clients: Clients) -> None:
    clients.server.arm(kind="lost_reply", path="image:export$")
    with pytest.raises((ee.EEException, OSError)):
        export("lost")
    [operation] = [known for known in ee.data.listOperations() if known["metadata"]["description"] == "lost"]
    requested = [event for event in clients.server.events("request") if event["path"].endswith("image:export")]
    assert requested[-1]["status"] == 200
    assert operation["name"].startswith(f"projects/{PROJECT}/operations/")


def test_a_lost_reply_is_retried_into_the_same_operation(clients: Clients) -> None:
    """Task.start sends a requestId, so the client's retry does not start a second export."""
    clients.server.arm(kind="lost_reply", path="image:export$")
    ee.data.setMaxRetries(2)
    try:
        task = export("retried")
    finally:
        ee.data.setMaxRetries(0)
    assert ended(task)["metadata"]["state"] == "SUCCEEDED"
    descriptions = [known["metadata"]["description"] for known in ee.data.listOperations()]
    assert descriptions.count("retried") == 1


def test_an_operation_fails_hangs_stumbles_or_vanishes(clients: Clients) -> None:
    clients.server.arm(kind="fail", path="^failing$", message="Computation timed out.")
    clients.server.arm(kind="stumble", path="^stumbling$", count=2)
    clients.server.arm(kind="vanish", path="^vanishing$")
    clients.server.arm(kind="hang", path="^hanging$")
    failing, stumbling, vanishing = export("failing"), export("stumbling"), export("vanishing")
    assert ended(failing)["error"]["message"] == "Computation timed out."
    stumbled = ended(stumbling)["metadata"]
    assert (stumbled["state"], stumbled["attempt"]) == ("SUCCEEDED", 3)
    with pytest.raises(ee.EEException, match="not found"):
        ended(vanishing)
    hanging = export("hanging")
    time.sleep(0.5)
    assert state(hanging) == "RUNNING"
    hanging.cancel()
    assert state(hanging) == "CANCELLED"


def test_an_operation_is_cancelled_from_outside(clients: Clients) -> None:
    clients.server.arm(kind="cancel", path="^unwanted$")
    task = export("unwanted")
    assert ended(task)["metadata"]["state"] == "CANCELLED"
    assert task.status()["state"] == "CANCELLED"
    requested = [event["path"] for event in clients.server.events("request")]
    assert not any(path.endswith(":cancel") and task.operation_name in path for path in requested)


def test_faults_are_in_the_journal(clients: Clients) -> None:
    clients.server.arm(kind="status", path=COMPUTE)
    with pytest.raises(ee.EEException, match="currently unavailable"):
        ee.Number(1).getInfo()
    last = clients.server.events("fault")[-1]
    assert (last["kind"], last["path"]) == ("status", f"/v1/projects/{PROJECT}/value:compute")


def test_a_wrong_fault_is_refused(clients: Clients) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        clients.server.arm(kind="explode")
    assert caught.value.code == 400
    assert b"expected kind among" in caught.value.read()
