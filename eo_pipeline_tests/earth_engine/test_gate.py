"""Requests in one state of the client overlap; those of another state never meet them, and nobody waits for ever."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import ee
import pytest

from eo_pipeline.earth_engine.gate import Gate
from eo_pipeline.earth_engine.session import Session, connect
from eo_pipeline_tests.recorder import Recorder, recording
from eo_pipeline_tests.scenes import Service

_SLOW = 0.4


@pytest.fixture
def recorder(service: Service) -> Iterator[Recorder]:
    with recording(service.sandbox.url) as found:
        yield found
    service.sandbox.control("faults", method="DELETE")


@pytest.fixture
def session(service: Service, recorder: Recorder) -> Session:
    return connect(replace(service.settings, interactive_url=recorder.url), interactive=True)


def nothing() -> None:
    pass


def test_a_switch_happens_once_for_calls_that_overlap_and_again_for_another_state() -> None:
    gate: Gate[str] = Gate()
    switches: list[str] = []
    together = threading.Barrier(3)

    def one() -> None:
        with gate.within("a", lambda: switches.append("a")):
            together.wait(5)  # passes only if all three are inside at once

    with ThreadPoolExecutor(3) as pool:
        for job in [pool.submit(one) for _ in range(3)]:
            job.result()
    with gate.within("b", lambda: switches.append("b")):
        assert switches == ["a", "b"]


def test_another_state_waits_for_those_inside_and_later_ones_wait_for_it() -> None:
    gate: Gate[str] = Gate()
    entered: list[str] = []
    first_may_leave = threading.Event()

    def call(name: str, state: str, until: threading.Event) -> None:
        with gate.within(state, nothing):
            entered.append(name)
            until.wait(5)

    at_once = threading.Event()
    at_once.set()
    with ThreadPoolExecutor(3) as pool:
        jobs = []
        for name, state, until in (("1", "a", first_may_leave), ("2", "b", at_once), ("3", "a", at_once)):
            jobs.append(pool.submit(call, name, state, until))
            time.sleep(0.05)
        assert entered == ["1"]  # the third one would fit, but came after the second
        first_may_leave.set()
        for job in jobs:
            job.result()
    assert entered == ["1", "2", "3"]


def test_a_failed_switch_is_told_and_tried_again_by_the_next() -> None:
    gate: Gate[str] = Gate()

    def refuse() -> None:
        raise ValueError("no connection")

    with pytest.raises(ValueError, match="no connection"), gate.within("a", refuse):
        pass
    switches: list[str] = []
    with gate.within("a", lambda: switches.append("a")):
        assert switches == ["a"]


def test_requests_of_one_session_and_tag_overlap(service: Service, session: Session, recorder: Recorder) -> None:
    service.sandbox.arm(kind="slow", path="value:compute", seconds=_SLOW, count=None)
    session.compute(ee.Number(0), tag="t")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda n: session.compute(ee.Number(n), tag="t"), range(6)))
    assert found == list(range(6))
    slow = [entry for entry in recorder.asked if entry.path.endswith("value:compute")][1:]
    assert max(entry.began for entry in slow) < min(entry.ended for entry in slow)  # all six at the same time


def test_two_sessions_and_many_tags_never_mix(service: Service, session: Session, recorder: Recorder) -> None:
    """Each number goes to one address under one tag, whoever else is asking."""
    with recording(service.sandbox.url) as other:
        there = connect(replace(service.settings, interactive_url=other.url), interactive=True)
        sessions, tags = (session, there), ("red", "green")
        numbers = [ee.Number(n) for n in range(8)]  # expressions are built before: that needs a connected client

        def ask(n: int) -> int:
            return int(sessions[n // 4].compute(numbers[n], tag=tags[n // 2 % 2]))

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(ask, (0, 4, 1, 2, 6, 3, 5, 7))) == [0, 4, 1, 2, 6, 3, 5, 7]
        for place, wanted in ((recorder, range(4)), (other, range(4, 8))):
            got = {constant(entry.body): entry.body["workloadTag"] for entry in place.asked}
            assert got == {n: tags[n // 2 % 2] for n in wanted}


def constant(body: object) -> int:
    """The number of a request to compute `ee.Number(n)`."""
    assert isinstance(body, dict)
    expression = body["expression"]
    return int(expression["values"][expression["result"]]["constantValue"])
