"""The pace finds what a service lets in, uses it, and does not storm: servers in virtual time, with known quotas."""

import math
from collections.abc import Callable

import pytest

from eo_pipeline.core.requests.allowance import Allowance
from eo_pipeline.core.requests.pace import Pace
from eo_pipeline_tests.core.requests.simulated import Seen, Server, always, run

SLOW, QUICK = always(1.5), always(0.1)
LEARNED = 20.0
"""Seconds after which a quota is known."""


def seen(server: Server, seconds: float) -> Seen:
    return run(server, seconds, Pace(Allowance()))


def step(before: float, at: float, after: float) -> Callable[[float], float]:
    return lambda now: before if now < at else after


@pytest.mark.parametrize(
    ("server", "allowed"),
    [
        (Server(SLOW, at_once=always(40)), 40 / 1.5),
        (Server(SLOW, at_once=always(40), per_second=always(100)), 40 / 1.5),
        (Server(QUICK, at_once=always(40), per_second=always(100)), 100),
        (Server(QUICK, at_once=always(40), bucket=100), 100),
        (Server(QUICK, bucket=1000), 1000),
        (Server(QUICK, at_once=always(40)), 400),
        (Server(SLOW, per_second=always(100)), 100),
    ],
    ids=["40", "40, 100/s", "100/s", "bucket", "1000/s", "quick", "slow 100/s"],
)
def test_a_steady_quota_is_used_and_hardly_exceeded(server: Server, allowed: float) -> None:
    found = seen(server, 80)
    assert found.rate(LEARNED, 80) >= 0.95 * allowed
    assert found.refused(LEARNED, 80) <= 0.03


@pytest.mark.parametrize(
    ("server", "allowed"),
    [(Server(SLOW, at_once=always(10)), 10 / 1.5), (Server(always(0.5), per_second=always(20)), 20)],
    ids=["10", "20/s"],
)
def test_a_quota_far_below_what_is_documented_is_found(server: Server, allowed: float) -> None:
    """One less of ten is a tenth less."""
    found = seen(server, 80)
    assert found.rate(LEARNED, 80) >= 0.85 * allowed
    assert found.refused(LEARNED, 80) <= 0.05


def test_what_is_documented_is_used_from_the_first_second() -> None:
    """At most 40 at once and 100 a second: even the first seconds are near that, with few refusals."""
    found = seen(Server(QUICK, at_once=always(40), bucket=100), 40)
    assert found.rate(0, 40) >= 0.93 * 100
    assert found.refused(0, 40) <= 0.05


@pytest.mark.parametrize(("latency", "by"), [(0.1, 5), (1.5, 12), (5.0, 30)])
def test_where_nothing_is_refused_it_grows_to_the_most(latency: float, by: float) -> None:
    found = seen(Server(always(latency)), by + 10)
    assert found.at_once(by) == Allowance().most
    assert found.rate(by + 2 * latency, by + 10) >= 0.95 * Allowance().most / latency if latency < 5 else True
    assert not found.refusals


def test_four_thousand_slow_pieces_take_less_than_24_seconds() -> None:
    """Ten times what 25 processes get, growing included."""
    found = seen(Server(SLOW), 24)
    assert len(found.answers) >= 4000


@pytest.mark.parametrize(("before", "after", "within"), [(400, 40, 10), (40, 20, 10), (40, 400, 30)])
def test_a_quota_that_changes_is_found_again(before: float, after: float, within: float) -> None:
    found = seen(Server(SLOW, at_once=step(before, 30, after)), 100)
    settled = 30 + within
    assert found.rate(settled, 100) >= 0.93 * after / 1.5
    assert found.refused(settled, 100) <= 0.03
    assert sum(30 <= time < settled for time in found.refusals) <= 90  # 400 were under way


def test_others_who_use_the_same_quota_are_left_in_peace() -> None:
    found = seen(Server(SLOW, at_once=always(40), others=lambda now: 10 + 10 * math.sin(now / 7)), 120)
    assert found.rate(LEARNED, 120) >= 0.85 * 30 / 1.5
    assert found.refused(LEARNED, 120) <= 0.08


def test_a_minute_s_quota_is_spread_over_the_minute_after_it_was_used_up_once() -> None:
    found = seen(Server(QUICK, at_once=always(40), per_minute=6000), 240)
    assert found.rate(0, 240) >= 0.95 * 100
    assert found.refused(0, 240) <= 0.03
    assert all(found.rate(begin, begin + 10) >= 80 for begin in range(90, 230, 10))


def test_while_everything_is_refused_it_is_seldom_tried_and_then_found_again() -> None:
    found = seen(Server(SLOW, at_once=step(40, 20, 0)), 140)
    assert sum(20 <= time < 140 for time in found.refusals) <= 60
    back = seen(Server(SLOW, at_once=lambda now: 0 if 20 <= now < 40 else 40), 120)
    assert back.rate(70, 120) >= 0.95 * 40 / 1.5


def test_refusals_without_a_reason_do_not_stop_it() -> None:
    found = seen(Server(QUICK, luck=0.025), 40)
    assert found.rate(0, 40) >= 40
    assert found.refused(0, 40) <= 0.05


def test_more_at_once_that_brings_no_more_is_given_up() -> None:
    """Sixty are answered together; more only wait longer."""
    found = seen(Server(lambda number: 0.1 * max(1, number / 60)), 60)
    assert found.rate(10, 60) >= 0.95 * 600
    levels = [number for time, number in found.allowed if time >= 10]
    assert sum(number <= 130 for number in levels) >= 0.9 * len(levels)


def test_what_was_learned_is_kept_and_what_was_under_way_is_not() -> None:
    pace = Pace(Allowance())
    run(Server(SLOW, at_once=always(10)), 30, pace)
    pace.ended()
    assert pace.under_way == 0
    assert 8 <= pace.at_once.value <= 12


def test_no_more_than_the_most_are_under_way() -> None:
    pace = Pace(Allowance(at_once=40, per_second=1000, most=7))
    found = run(Server(SLOW), 10, pace)
    assert {number for _, number in found.allowed} == {7}
