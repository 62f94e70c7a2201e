from datetime import UTC, datetime, timedelta

import pytest

from eo_pipeline.sandbox.frame.clock import Clock, parse_timestamp, timestamp

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Seconds:
    """Real seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_passes_at_the_clock_s_speed() -> None:
    real = Seconds()
    clock = Clock(speed=60, start=START, monotonic=real)
    real.now += 2
    assert clock.now() == START + timedelta(seconds=120)


def test_at_speed_zero_only_ticks_move_it() -> None:
    real = Seconds()
    clock = Clock(speed=0, start=START, monotonic=real)
    real.now += 1000
    assert clock.tick(7) == START + timedelta(seconds=7)
    assert clock.now() == START + timedelta(seconds=7)


def test_another_speed_counts_from_now_on() -> None:
    real = Seconds()
    clock = Clock(speed=1, start=START, monotonic=real)
    real.now += 10
    clock.set_speed(100)
    real.now += 1
    assert clock.now() == START + timedelta(seconds=110)


@pytest.mark.parametrize("step", [-1.0, float("nan"), float("inf")])
def test_time_never_goes_back(step: float) -> None:
    clock = Clock(speed=0, start=START)
    with pytest.raises(ValueError, match="time only moves forward"):
        clock.tick(step)
    assert clock.now() == START


def test_timestamps_have_six_digits_and_a_z() -> None:
    assert timestamp(START) == "2026-01-02T03:04:05.000000Z"
    assert parse_timestamp("2026-01-02T03:04:05Z") == START
    assert parse_timestamp("2026-01-02") == datetime(2026, 1, 2, tzinfo=UTC)
