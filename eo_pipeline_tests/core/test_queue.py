"""How many tasks may be queued, from listings."""

from datetime import UTC, datetime, timedelta

import pytest

from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.core.exports.queue import QueueLook, look_at_queue, room

START = datetime(2024, 5, 1, tzinfo=UTC)
OURS = f"x:eo-{'d' * 40}-g1"
DAILY = "Your usage exceeded the custom quota for 'earthengine.googleapis.com/daily_eecu_usage_time'."


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def ended(start: float, minutes: float, *, state: State = State.SUCCEEDED, error: str = "") -> Operation:
    return Operation("o", state, OURS, error, created=at(start - 1), started=at(start), ended=at(start + minutes))


def pending(count: int, description: str = OURS) -> list[Operation]:
    return [Operation(f"p{n}", State.PENDING, description) for n in range(count)]


def test_ours_and_others_are_told_apart() -> None:
    look = look_at_queue([*pending(3), *pending(5, "somebody's"), Operation("r", State.RUNNING)])
    assert (look.pending, look.ours, look.running) == (8, 3, 1)


def test_what_drains_in_a_day_follows_from_how_long_tasks_take_and_how_many_run_at_once() -> None:
    three_at_once = [ended(start, 10) for start in (0, 0, 0, 10, 10, 10)]
    assert look_at_queue(three_at_once).drained_a_day == pytest.approx(3 * 24 * 60 / 10)
    assert look_at_queue(three_at_once, concurrency=8).drained_a_day == pytest.approx(8 * 24 * 60 / 10)
    assert look_at_queue([ended(0, 10)]).drained_a_day == pytest.approx(2 * 24 * 60 / 10)  # documented: two on average


def test_before_anything_ended_two_at_once_of_9_5_minutes_are_assumed() -> None:
    assert look_at_queue([]).drained_a_day == pytest.approx(2 * 24 * 60 / 9.5)


def test_about_a_day_is_queued() -> None:
    found = room(QueueLook(pending=100, ours=100, drained_a_day=300))
    assert found.tasks == 200
    assert "100 of our tasks wait, and about 300 are done in a day" in found.reason
    assert room(QueueLook(pending=400, ours=400, drained_a_day=300)).tasks == 0


def test_a_slow_queue_is_given_some_all_the_same() -> None:
    assert room(QueueLook(drained_a_day=4)).tasks == 50


def test_other_people_s_tasks_leave_no_room_near_the_limit() -> None:
    found = room(QueueLook(pending=2990, drained_a_day=100_000))
    assert found.tasks == 0
    assert "2990 tasks wait in the project's queue, 2990 of them not ours; up to 2400 of 3000 are used" in found.reason
    assert room(QueueLook(pending=2300, drained_a_day=100_000)).tasks == 100


def test_an_urgent_export_overtakes_a_backfill_but_never_fills_the_queue() -> None:
    full = QueueLook(pending=2400, ours=2400, drained_a_day=300)
    assert room(full).tasks == 0
    assert room(full, priority=101).tasks == 450
    assert room(QueueLook(pending=2850), priority=9999).tasks == 0


def test_once_the_compute_limit_is_met_one_task_at_a_time_is_tried() -> None:
    met = [ended(0, 5), ended(10, 1, state=State.FAILED, error=DAILY)]
    look = look_at_queue(met)
    assert look.out_of_compute
    assert room(look).tasks == 1
    assert room(look_at_queue([*met, *pending(1)])).tasks == 0
    over = look_at_queue([*met, ended(20, 5)])
    assert not over.out_of_compute
