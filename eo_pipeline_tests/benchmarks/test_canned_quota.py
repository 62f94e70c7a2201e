"""The quota of the canned server, by a clock that the test sets."""

import multiprocessing

import pytest

from benchmarks.canned_quota import Counts, Quota, Turnstile


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def entered(turnstile: Turnstile, times: int) -> int:
    return sum(turnstile.enter() for _ in range(times))


def test_so_many_are_let_in_at_once_and_more_when_some_have_left() -> None:
    turnstile = Turnstile(Quota(at_once=3))
    assert entered(turnstile, 5) == 3
    turnstile.leave()
    assert entered(turnstile, 5) == 1
    assert turnstile.counts() == Counts(requests=10, refused=6, spoilt=0, most_at_once=3)


def test_the_rate_is_a_bucket_that_fills() -> None:
    clock = Clock()
    turnstile = Turnstile(Quota(per_second=64, burst=0.25), clock)
    assert entered(turnstile, 50) == 16
    clock.now += 0.125
    assert entered(turnstile, 50) == 8
    clock.now += 60
    assert entered(turnstile, 50) == 16


def test_without_a_quota_all_are_let_in() -> None:
    turnstile = Turnstile(Quota())
    assert entered(turnstile, 1000) == 1000
    assert turnstile.counts().most_at_once == 1000


def test_what_was_spoilt_is_counted() -> None:
    turnstile = Turnstile(Quota())
    turnstile.enter()
    turnstile.leave(spoilt=True)
    assert turnstile.counts() == Counts(requests=1, refused=0, spoilt=1, most_at_once=1)


def test_processes_share_one_quota() -> None:
    turnstile = Turnstile(Quota(at_once=5))
    assert entered(turnstile, 2) == 2
    other = multiprocessing.get_context("fork").Process(target=entered, args=(turnstile, 10))
    other.start()
    other.join()
    assert turnstile.counts() == Counts(requests=12, refused=7, spoilt=0, most_at_once=5)


@pytest.mark.parametrize(
    ("quota", "count", "latency", "seconds"),
    [
        (Quota(at_once=40, per_second=100), 1200, 1.5, 45.0),  # 30 rounds of 40
        (Quota(at_once=40, per_second=100), 1201, 1.5, 46.5),
        (Quota(at_once=40, per_second=100), 2500, 0.1, 24.1),  # 100 at once, then 100 a second, and the last answer
        (Quota(), 1000, 0.1, 0.1),
    ],
)
def test_the_least_time_under_a_quota(quota: Quota, count: int, latency: float, seconds: float) -> None:
    assert quota.seconds(count, latency) == pytest.approx(seconds)
