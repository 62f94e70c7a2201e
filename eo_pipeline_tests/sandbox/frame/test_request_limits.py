"""Too many requests: of the limits themselves, and as the real client meets them."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import ee
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_limits import RequestLimits
from eo_pipeline.sandbox.settings import Settings
from eo_pipeline_tests.sandbox.clients import Clients

TEXT = "Too Many Requests: Request was rejected because the request rate or concurrency limit was exceeded."


class Seconds:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(limits: RequestLimits, project: str, settings: Settings) -> bool:
    try:
        with limits.admitted(project, settings):
            return False
    except ServiceError as error:
        return (error.message, error.code, error.status) == (TEXT, 429, "RESOURCE_EXHAUSTED")


def test_a_project_may_have_so_many_open_requests() -> None:
    limits, settings = RequestLimits(Seconds()), Settings(concurrent_requests=2)
    with limits.admitted("a", settings), limits.admitted("a", settings):
        assert refused(limits, "a", settings)
        assert not refused(limits, "b", settings)
    assert not refused(limits, "a", settings)


def test_a_request_that_fails_is_no_longer_open() -> None:
    limits, settings = RequestLimits(Seconds()), Settings(concurrent_requests=1)
    with pytest.raises(KeyError), limits.admitted("a", settings):
        raise KeyError
    assert not refused(limits, "a", settings)


def test_a_second_may_have_so_many_requests() -> None:
    clock = Seconds()
    limits, settings = RequestLimits(clock), Settings(requests_per_second=3)
    answers = []
    for clock.now in (0.0, 0.5, 0.9, 0.95, 1.0, 1.2, 1.4, 1.6):
        answers.append(refused(limits, "a", settings))
    assert answers == [False, False, False, True, False, True, True, False]


def test_a_minute_may_have_so_many_requests_whose_refusal_names_the_quota() -> None:
    clock = Seconds()
    limits, settings = RequestLimits(clock), Settings(requests_per_minute=2)
    for clock.now in (0.0, 30.0):
        with limits.admitted("a", settings):
            pass
    clock.now = 59.9
    with pytest.raises(ServiceError, match="limit 'Number of read requests per minute per user'") as caught:
        limits.admitted("a", settings).__enter__()
    assert caught.value.code == 429
    clock.now = 60.1
    assert not refused(limits, "a", settings)


def test_the_service_s_limits_are_the_defaults() -> None:
    """https://developers.google.com/earth-engine/guides/usage: 40 at once, 6000 a minute."""
    assert (Settings().concurrent_requests, Settings().requests_per_minute) == (40, 6000)


def test_zero_means_no_limit() -> None:
    limits = RequestLimits(Seconds())
    settings = Settings(concurrent_requests=0, requests_per_second=0, requests_per_minute=0)
    assert not any(refused(limits, "a", settings) for _ in range(1000))


def test_the_client_is_told(start_clients: Callable[..., Clients]) -> None:
    start_clients(settings={"concurrent_requests": 2})
    slow = ee.ImageCollection("local/days").map(lambda image: image.set("n", ee.List.sequence(0, 100_000).length()))
    together = threading.Barrier(6)

    def ask(_: int) -> str:
        together.wait()
        try:
            slow.aggregate_sum("n").getInfo()
        except ee.EEException as error:
            return str(error)
        return "answered"

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert set(answers) == {"answered", TEXT}
    assert slow.limit(1).aggregate_sum("n").getInfo() == 100_001
