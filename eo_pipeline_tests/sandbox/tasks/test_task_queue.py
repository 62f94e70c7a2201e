"""The queue with a clock that only ticks and work that a test holds in its hands."""

import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.compute_ledger import ComputeLedger
from eo_pipeline.sandbox.frame.compute_limits import ComputeLimits
from eo_pipeline.sandbox.frame.faults import FaultBox, decode_fault
from eo_pipeline.sandbox.frame.journal import Journal
from eo_pipeline.sandbox.settings import LiveSettings, Settings, changed
from eo_pipeline.sandbox.tasks.operation_files import OperationFiles
from eo_pipeline.sandbox.tasks.operations import Operation
from eo_pipeline.sandbox.tasks.submission import decode_submission
from eo_pipeline.sandbox.tasks.task_queue import QueueParts, TaskQueue
from eo_pipeline.sandbox.tasks.task_work import Report

EXPRESSION = {"values": {"0": {"constantValue": 1}}, "result": "0"}


@dataclass
class HeldWork:
    """Work that waits until a test lets it go, reporting all the while."""

    started: list[str] = field(default_factory=list)
    error: Exception | None = None
    go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, operation: Operation, report: Report) -> tuple[str, ...]:
        self.started.append(operation.description)
        while not self.go.wait(0.002):
            report(progress=0.5, eecu_seconds=1.5)
        report(progress=1.0, eecu_seconds=3.0)
        if self.error is not None:
            raise self.error
        return (f"uri of {operation.description}",)


@dataclass
class Bench:
    """A queue and all that it works with."""

    folder: Path
    changes: dict[str, object]
    work: HeldWork = field(default_factory=HeldWork)

    def __post_init__(self) -> None:
        self.clock = Clock(speed=0, start=datetime(2026, 1, 1, tzinfo=UTC))
        self.settings = LiveSettings(changed(Settings(), self.changes))
        self.faults = FaultBox()
        self.queue = self.open()

    def open(self) -> TaskQueue:
        parts = QueueParts(
            files=OperationFiles(self.folder / "operations"),
            clock=self.clock,
            settings=self.settings,
            faults=self.faults,
            journal=Journal(self.folder / "journal.jsonl", self.clock),
            compute=ComputeLimits(
                ComputeLedger(self.folder / "compute.sqlite", self.clock.now), self.settings, self.clock.now
            ),
            ids=random.Random(7),  # noqa: S311 - ids of a test, the same every time
        )
        return TaskQueue(parts, self.work)

    def submit(self, description: str, *, project: str = "sandbox-project", **body: object) -> Operation:
        full = {"expression": EXPRESSION, "description": description, **body}
        return self.queue.submit(decode_submission(project, "EXPORT_IMAGE", full, default_priority=100))

    def state(self, operation: Operation) -> str:
        return self.queue.get(operation.name).state

    def tick(self, seconds: float = 0) -> None:
        self.clock.tick(seconds)
        self.queue.advance()

    def tick_until(self, true: Callable[[], bool], seconds: float = 0) -> None:
        def ticked() -> bool:
            self.tick(seconds)
            return true()

        until(ticked)


Make = Callable[..., Bench]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda **changes: Bench(tmp_path, changes)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "waited 10 seconds in vain"
        time.sleep(0.005)


def test_an_operation_waits_runs_and_succeeds_by_the_clock(make: Make) -> None:
    bench = make(pending_seconds=10, running_seconds=60)
    operation = bench.submit("one")
    assert operation.published()["metadata"] == {
        "@type": "type.googleapis.com/google.earthengine.v1.OperationMetadata",
        "state": "PENDING",
        "description": "one",
        "type": "EXPORT_IMAGE",
        "priority": 100,
        "createTime": "2026-01-01T00:00:00.000000Z",
        "updateTime": "2026-01-01T00:00:00.000000Z",
    }
    bench.tick(9)
    assert bench.state(operation) == "PENDING"
    bench.tick(1)
    assert bench.state(operation) == "RUNNING"
    bench.work.go.set()
    until(lambda: bench.queue.get(operation.name).progress == 1.0)
    bench.tick(59)
    assert bench.state(operation) == "RUNNING"
    bench.tick_until(lambda: bench.state(operation) == "SUCCEEDED", seconds=1)
    answer = bench.queue.get(operation.name).published()
    metadata = answer["metadata"]
    assert isinstance(metadata, dict)
    assert answer["done"] is True
    assert metadata["startTime"] == "2026-01-01T00:00:10.000000Z"
    assert metadata["destinationUris"] == ["uri of one"]
    assert metadata["batchEecuUsageSeconds"] == 3.0
    assert metadata["attempt"] == 1


@pytest.mark.parametrize("hangs", [True, False])
def test_what_has_not_ended_in_ten_days_fails(make: Make, hangs: bool) -> None:
    bench = make(running_at_once=1)
    if hangs:
        bench.faults.arm(decode_fault({"kind": "hang", "path": "^one$"}))
    running, waiting = bench.submit("one"), bench.submit("two")
    bench.tick()
    assert (bench.state(running), bench.state(waiting)) == ("RUNNING", "PENDING")
    bench.tick(10 * 86_400)
    assert bench.state(running) == "RUNNING"
    late = bench.submit("three")
    bench.tick(1)
    for operation in (running, waiting):
        answer = bench.queue.get(operation.name).published()
        assert answer["error"] == {"code": 4, "message": "The operation exceeded its maximum lifetime of 10 days."}
    bench.tick_until(lambda: bench.state(late) == "RUNNING")
    bench.work.go.set()
    bench.tick_until(lambda: bench.state(late) == "SUCCEEDED")
    assert bench.state(running) == "FAILED"


def test_ids_have_24_capitals_and_digits(make: Make) -> None:
    ids = {make().submit(str(number)).id for number in range(20)}
    assert all(len(found) == 24 and set(found) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for found in ids)


def test_two_run_at_once_by_priority_then_by_submission(make: Make) -> None:
    bench = make()
    for description, priority in (("a", 100), ("b", 50), ("c", 200), ("d", 100)):
        bench.submit(description, priority={"value": priority})
    bench.tick()
    until(lambda: len(bench.work.started) == 2)
    assert sorted(bench.work.started) == ["a", "c"]
    bench.settings.change({"running_at_once": 4})
    bench.tick()
    until(lambda: len(bench.work.started) == 4)
    assert sorted(bench.work.started[2:]) == ["b", "d"]
    bench.work.go.set()


def test_projects_do_not_wait_for_each_other(make: Make) -> None:
    bench = make(running_at_once=1)
    for project in ("first-project", "other-project"):
        bench.submit(project, project=project)
    bench.tick()
    until(lambda: len(bench.work.started) == 2)
    bench.work.go.set()


def test_a_full_queue_refuses_in_the_service_s_words(make: Make) -> None:
    bench = make(pending_limit=2, running_at_once=0)
    bench.submit("a")
    bench.submit("b")
    with pytest.raises(ServiceError, match=r"Too many tasks already in the queue \(2\)\. Please wait for some of them"):
        bench.submit("c")
    bench.submit("c", project="other-project")


def test_a_request_id_starts_one_operation(make: Make) -> None:
    bench = make()
    first = bench.submit("a", requestId="id-1")
    assert bench.submit("b", requestId="id-1") == first
    assert bench.submit("b", requestId="id-1", project="other-project").name != first.name
    bench.settings.change({"duplicate_request": "already_exists"})
    with pytest.raises(ServiceError, match="request ID 'id-1' already exists") as caught:
        bench.submit("b", requestId="id-1")
    assert (caught.value.code, caught.value.status) == (409, "ALREADY_EXISTS")
    assert [known.description for known in bench.queue.newest_first("sandbox-project")] == ["a"]


def test_pending_and_running_operations_can_be_cancelled(make: Make) -> None:
    bench = make(running_at_once=1)
    running, pending = bench.submit("running"), bench.submit("pending")
    bench.tick()
    until(lambda: bench.work.started == ["running"])
    bench.queue.cancel(pending.name)
    assert bench.state(pending) == "CANCELLED"
    bench.queue.cancel(running.name)
    until(lambda: bench.state(running) == "CANCELLED")
    assert bench.queue.get(running.name).published()["error"] == {"code": 1, "message": "Cancelled."}
    bench.queue.cancel(running.name)
    assert bench.state(running) == "CANCELLED"


def test_what_the_service_refuses_fails_at_once(make: Make) -> None:
    bench = make()
    bench.work.error = ServiceError("Export too large.")
    bench.work.go.set()
    operation = bench.submit("a")
    bench.tick()
    until(lambda: bench.state(operation) == "FAILED")
    assert bench.queue.get(operation.name).published()["error"] == {"code": 3, "message": "Export too large."}
    assert bench.queue.get(operation.name).attempt == 1


def test_internal_errors_are_tried_five_times(make: Make) -> None:
    bench = make()
    bench.work.error = RuntimeError("broken")
    bench.work.go.set()
    operation = bench.submit("a")
    bench.tick_until(lambda: bench.state(operation) == "FAILED")
    assert bench.work.started == ["a"] * 5
    assert bench.queue.get(operation.name).published()["error"] == {"code": 13, "message": "Internal error."}


def test_a_state_stored_by_a_killed_run_is_journalled_by_the_next(make: Make) -> None:
    bench = make()
    operation = bench.submit("a", requestId="id-1")
    journal = bench.folder / "journal.jsonl"
    journal.write_text("")  # SIGKILL came between the operation's file and the journal
    bench.open()
    [event] = [json.loads(line) for line in journal.read_text().splitlines()]
    del event["time"], event["number"]
    told = {"event": "operation", "name": operation.name, "state": "PENDING"}
    assert event == {**told, "requestId": "id-1", "description": "a"}
    bench.open()
    assert len(journal.read_text().splitlines()) == 1


def test_a_restart_keeps_operations_and_takes_up_what_ran(make: Make) -> None:
    bench = make(running_at_once=1)
    bench.work.go.set()
    ended = bench.submit("ended", requestId="id-1")
    bench.tick()
    until(lambda: bench.state(ended) == "SUCCEEDED")
    bench.work.go.clear()
    running, pending = bench.submit("running"), bench.submit("pending")
    bench.tick()
    until(lambda: "running" in bench.work.started)
    before = bench.queue.get(ended.name)
    bench.queue.close()
    bench.queue = bench.open()
    assert bench.queue.get(ended.name) == before
    assert bench.state(running) == "PENDING"
    assert bench.state(pending) == "PENDING"
    assert bench.submit("again", requestId="id-1") == before
    bench.work.go.set()
    bench.tick_until(lambda: bench.state(pending) == "SUCCEEDED")
    assert bench.queue.get(running.name).attempt == 2
    assert bench.submit("later").order == 3


def test_a_fault_fails_an_operation_with_its_message(make: Make) -> None:
    bench = make()
    bench.faults.arm(decode_fault({"kind": "fail", "path": "^bad$", "message": "User memory limit exceeded."}))
    bad, good = bench.submit("bad"), bench.submit("good")
    bench.work.go.set()
    bench.tick_until(lambda: bench.state(bad) == "FAILED" and bench.state(good) == "SUCCEEDED")
    assert bench.queue.get(bad.name).published()["error"] == {"code": 3, "message": "User memory limit exceeded."}


def test_a_stumbling_operation_succeeds_at_a_later_attempt(make: Make) -> None:
    bench = make()
    bench.faults.arm(decode_fault({"kind": "stumble", "count": 2}))
    bench.work.go.set()
    operation = bench.submit("a")
    bench.tick_until(lambda: bench.state(operation) == "SUCCEEDED")
    assert bench.queue.get(operation.name).attempt == 3


def test_a_hanging_operation_runs_until_it_is_cancelled(make: Make) -> None:
    bench = make()
    bench.faults.arm(decode_fault({"kind": "hang"}))
    operation = bench.submit("a")
    for _ in range(5):
        bench.tick(86400)
    assert bench.state(operation) == "RUNNING"
    bench.queue.cancel(operation.name)
    assert bench.state(operation) == "CANCELLED"


def test_a_vanished_operation_is_forgotten_for_good(make: Make) -> None:
    bench = make()
    bench.faults.arm(decode_fault({"kind": "vanish"}))
    operation = bench.submit("a", requestId="id-1")
    bench.tick()
    with pytest.raises(ServiceError, match="not found") as caught:
        bench.queue.get(operation.name)
    assert caught.value.code == 404
    assert bench.queue.newest_first("sandbox-project") == []
    assert bench.open().newest_first("sandbox-project") == []
    assert bench.submit("a", requestId="id-1").name != operation.name


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"expression": None}, "expression is required"),
        ({"priority": 10000}, "10000 is not within 0 and 9999"),
        ({"priority": "high"}, "Invalid value at 'priority'"),
        ({"requestId": "a b"}, "'a b' does not match"),
        ({"requestId": "a" * 61}, "does not match"),
        ({"workloadTag": "Tag"}, "Invalid value at 'workloadTag'"),
        ({"description": 5}, "Invalid value at 'description'"),
    ],
)
def test_a_wrong_submission_is_refused(body: dict[str, object], message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        decode_submission("p", "EXPORT_IMAGE", {"expression": EXPRESSION, **body}, default_priority=1)
