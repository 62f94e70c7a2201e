"""The real client lists, follows, repeats and cancels operations."""

import re
import urllib.error
from collections.abc import Callable
from datetime import datetime

import ee
import pytest

from eo_pipeline_tests.processes import end
from eo_pipeline_tests.sandbox.clients import IMAGE, PROJECT, Clients, initialize
from eo_pipeline_tests.sandbox.following import TRANSFORM, ended, export, state, whole_region

Start = Callable[..., Clients]


def request() -> dict[str, object]:
    """The body of ee.data.exportImage, which takes a request id of one's own."""
    image = ee.Image(IMAGE).reproject("EPSG:32633", TRANSFORM).clip(whole_region())
    destination = {"bucket": "tiles", "filenamePrefix": "again"}
    return {
        "expression": image,
        "description": "again",
        "fileExportOptions": {"fileFormat": "GEO_TIFF", "cloudStorageDestination": destination},
    }


def test_a_repeated_request_id_gives_the_first_operation_again(start_clients: Start) -> None:
    start_clients(settings={"running_at_once": 0})
    first = ee.data.exportImage("my-id", request())
    again = ee.data.exportImage("my-id", request())
    assert again == first
    assert len(ee.data.listOperations()) == 1
    assert ee.data.exportImage("another-id", request())["name"] != first["name"]


def test_a_repeated_request_id_is_refused_where_the_setting_says_so(start_clients: Start) -> None:
    start_clients(settings={"running_at_once": 0, "duplicate_request": "already_exists"})
    ee.data.exportImage("my-id", request())
    with pytest.raises(ee.EEException, match="request ID 'my-id' already exists"):
        ee.data.exportImage("my-id", request())
    assert len(ee.data.listOperations()) == 1


def test_listing_gives_every_operation_newest_first_over_several_pages(start_clients: Start) -> None:
    """The client asks for pages of 500."""
    clients = start_clients(settings={"running_at_once": 0})
    body = {**request(), "expression": {"values": {"0": {"constantValue": 1}}, "result": "0"}}
    started = [ee.data.exportImage(f"id-{number}", dict(body))["name"] for number in range(503)]
    listed = [operation["name"] for operation in ee.data.listOperations()]
    assert listed == started[::-1]
    assert all(re.fullmatch(rf"projects/{PROJECT}/operations/[A-Z0-9]{{24}}", name) for name in listed)
    assert ee.data.listOperations("projects/other-project") == []
    assert len(clients.server.events("request")) == 504  # and the bucket


def test_the_queue_has_the_service_s_limit(start_clients: Start) -> None:
    start_clients(settings={"running_at_once": 0, "pending_limit": 2})
    export("a")
    export("b")
    with pytest.raises(ee.EEException, match=r"Too many tasks already in the queue \(2\)\. Please wait for some"):
        export("c")


def test_an_operation_is_cancelled(start_clients: Start) -> None:
    start_clients(settings={"running_at_once": 0})
    task = export("a")
    assert state(task) == "PENDING"
    assert task.active()
    task.cancel()
    assert state(task) == "CANCELLED"
    assert task.status()["state"] == "CANCELLED"
    with pytest.raises(ee.EEException, match="not found"):
        ee.data.cancelOperation(f"projects/{PROJECT}/operations/NEVER")


def test_time_moves_by_ticks(start_clients: Start) -> None:
    clients = start_clients(speed=0, settings={"pending_seconds": 60, "running_seconds": 600})
    task = export("a")
    assert state(task) == "PENDING"
    clients.server.control("clock", {"tick": 59})
    assert state(task) == "PENDING"
    clients.server.control("clock", {"tick": 1})
    assert state(task) == "RUNNING"
    clients.server.control("clock", {"tick": 599})
    assert state(task) == "RUNNING"
    clients.server.control("clock", {"tick": 1})
    metadata = ended(task)["metadata"]
    assert metadata["state"] == "SUCCEEDED"
    created, began, ceased = (datetime.fromisoformat(metadata[f"{name}Time"]) for name in ("create", "start", "end"))
    assert (began - created).total_seconds() == 60
    assert (ceased - began).total_seconds() == 600


@pytest.mark.parametrize("kill", [False, True])
def test_a_restart_keeps_operations(start_clients: Start, kill: bool) -> None:
    clients = start_clients(settings={"running_at_once": 1})
    done = export("done")
    before = ended(done)
    clients.server.arm(kind="hang")
    hanging, waiting = export("hanging"), export("waiting")
    while state(hanging) != "RUNNING":
        pass
    if kill:
        clients.server.process.kill()
    code = end(clients.server.process)
    assert code == (-9 if kill else 0)
    again = start_clients(settings={"running_at_once": 1})
    initialize(again.server)
    assert ee.data.getOperation(done.operation_name) == before
    assert ended(hanging)["metadata"]["state"] == "SUCCEEDED"
    assert ended(hanging)["metadata"]["attempt"] == 2
    assert ended(waiting)["metadata"]["state"] == "SUCCEEDED"
    assert len(again.files("tiles", "waiting")) == 1
    assert [operation["metadata"]["description"] for operation in ee.data.listOperations()] == [
        "waiting",
        "hanging",
        "done",
    ]


def test_other_people_s_tasks_take_up_the_queue(start_clients: Start) -> None:
    clients = start_clients(speed=0, settings={"running_at_once": 2, "pending_limit": 3})
    theirs = {"project": PROJECT, "count": 3, "seconds": 600, "description": "their video"}
    named = clients.server.control("operations", theirs)["operations"]
    clients.server.control("clock", {"tick": 1})
    mine = export("mine")
    states = [operation["metadata"]["state"] for operation in ee.data.listOperations()]
    assert states == ["PENDING", "PENDING", "RUNNING", "RUNNING"]
    assert [operation["name"] for operation in ee.data.listOperations()[:0:-1]] == named
    clients.server.control("operations", {"project": PROJECT})
    with pytest.raises(ee.EEException, match=r"Too many tasks already in the queue \(3\)"):
        export("crowded out")
    clients.server.control("clock", {"tick": 600})
    assert ended(mine)["metadata"]["state"] == "SUCCEEDED"
    first = ee.data.getOperation(named[0])
    assert (first["metadata"]["type"], first["metadata"]["description"]) == ("EXPORT_VIDEO", "their video")
    assert first["metadata"]["state"] == "SUCCEEDED"


def test_other_people_s_tasks_are_said_as_they_are_documented(start_clients: Start) -> None:
    clients = start_clients()
    for wrong in ({}, {"project": PROJECT, "count": 0}, {"project": PROJECT, "seconds": -1}):
        with pytest.raises(urllib.error.HTTPError) as caught:
            clients.server.control("operations", wrong)
        assert b"expected" in caught.value.read()
