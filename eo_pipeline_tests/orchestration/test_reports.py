"""What a tick of the sensor reports of submissions, on a real event log and a listing of operations."""

from collections.abc import Callable, Iterable, Mapping

import dagster as dg
import pytest

from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.following import reports, waiting
from eo_pipeline.orchestration.following.reports import Service, Tick, tick
from eo_pipeline_tests.orchestration.event_log import HERE, chain, record, submission

JANUARY, FEBRUARY, MARCH = (f"whole|2024-0{month}" for month in (1, 2, 3))
THERE = "http://there my-project"


def operation(name: str, state: State, error: str = "") -> Operation:
    return Operation(
        f"projects/p/operations/{name}",
        state,
        error=error,
        eecu_seconds=12.5,
        created="2024-02-01T00:00:00Z",
        started="2024-02-01T00:01:30Z",
        ended="2024-02-01T00:03:00.500000Z",
    )


def service(listing: Callable[[], Iterable[Operation]], *unlisted: Operation, identity: str = HERE) -> Service:
    """A service that lists some operations, and knows others by name only."""
    return Service(identity, listing, {found.name: found for found in unlisted}.get)


def look(
    instance: dg.DagsterInstance,
    made: Chain,
    listed: Iterable[Operation] = (),
    *unlisted: Operation,
    watermarks: Mapping[str, int] | None = None,
    identity: str = HERE,
) -> Tick:
    """One tick whose events are stored, those of failures too, as when the runs that settle them are there."""
    found = tick(
        instance, [made], service=service(lambda: listed, *unlisted, identity=identity), watermarks=watermarks or {}
    )
    for event in [*found.events, *(settle.event for settle in found.settle)]:
        instance.report_runless_asset_event(event)
    return found


def unasked() -> list[Operation]:
    raise AssertionError("the service was asked although nothing waits for an operation")


def values(event: dg.AssetMaterialization | dg.AssetObservation) -> dict[str, object]:
    return {name: entry.value for name, entry in event.metadata.items()}


def test_a_finished_export_is_materialised_with_what_a_person_wants_to_know(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    [event] = look(instance, made, [operation("A", State.SUCCEEDED)]).events
    assert isinstance(event, dg.AssetMaterialization)
    assert (event.asset_key, event.partition) == (made.key("export"), JANUARY)
    assert event.tags == {"dagster/data_version": "d" * 40}
    shown = values(event)
    assert shown["EECU-seconds"] == 12.5
    assert (shown["queue seconds"], shown["run seconds"]) == (90.0, 90.5)
    assert shown["task"] == "https://code.earthengine.google.com/tasks/A"
    assert shown["tiles at"] == f"gs://tiles/small/{'d' * 40}/tile"
    assert shown["eo/digest"] == "d" * 40


def test_it_is_reported_once_although_the_cursor_is_lost(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    listed = [operation("A", State.SUCCEEDED)]
    assert len(look(instance, made, listed).events) == 1
    again = tick(instance, [made], service=service(unasked), watermarks={})
    assert (again.events, again.active) == ([], 0)


def test_what_is_under_way_is_counted_and_not_reported(instance: dg.DagsterInstance) -> None:
    made = chain()
    for name, partition in (("A", JANUARY), ("B", FEBRUARY), ("C", MARCH)):
        record(instance, made, partition, submission(name))
    states = (State.PENDING, State.RUNNING, State.CANCELLING)
    found = look(instance, made, [operation(n, s) for n, s in zip("ABC", states, strict=True)])
    assert (found.events, found.settle, found.active) == ([], [], 3)


def test_a_failure_is_settled_by_a_run_and_observed_once(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    listed = [operation("A", State.FAILED, "User memory limit exceeded.")]
    found = look(instance, made, listed)
    [settle] = found.settle
    assert found.events == []
    assert settle.event.description == "failed: User memory limit exceeded."
    assert values(settle.event)["error"] == "User memory limit exceeded."
    assert (settle.chain.product.name, settle.recorded.partition) == ("small", JANUARY)
    again = look(instance, made, listed)
    assert (again.events, again.settle) == ([], [])


def test_a_failure_is_settled_again_until_its_report_is_stored(instance: dg.DagsterInstance) -> None:
    """A daemon that dies between two steps of a tick has stored neither run nor report."""
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    listed = [operation("A", State.FAILED, "Internal error.")]
    for _ in range(2):
        found = tick(instance, [made], service=service(lambda: listed), watermarks={})
        assert len(found.settle) == 1


def test_a_task_that_the_service_forgot_is_a_failure_to_settle(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    [settle] = look(instance, made, [operation("ANOTHER", State.SUCCEEDED)]).settle
    assert settle.event.description == "failed: Earth Engine no longer lists this task"


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED])
def test_a_task_that_is_only_not_listed_is_asked_for(instance: dg.DagsterInstance, state: State) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    found = look(instance, made, [], operation("A", state))
    assert (len(found.events), found.settle) == (state is State.SUCCEEDED, [])


def test_a_task_that_was_called_lost_is_reported_when_it_is_found_again(instance: dg.DagsterInstance) -> None:
    """The run that settles the failure finds the operation and records it again."""
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    assert len(look(instance, made, []).settle) == 1
    record(instance, made, JANUARY, submission("A"))
    [event] = look(instance, made, [operation("A", State.SUCCEEDED)]).events
    assert isinstance(event, dg.AssetMaterialization)


def test_unlisted_tasks_are_asked_for_in_bounded_numbers(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MAX_LOOKUPS", 1)
    made = chain()
    for name, partition in (("A", JANUARY), ("B", FEBRUARY)):
        record(instance, made, partition, submission(name))
    found = look(instance, made, [], operation("A", State.SUCCEEDED), operation("B", State.SUCCEEDED))
    assert ([event.partition for event in found.events], found.postponed) == ([JANUARY], 1)


def test_what_somebody_cancelled_is_observed_and_not_started_again(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    found = look(instance, made, [operation("A", State.CANCELLED)])
    [event] = found.events
    assert isinstance(event, dg.AssetObservation)
    assert event.description == "cancelled: cancelled"
    assert found.settle == []


@pytest.mark.parametrize("state", ["no_images", "found"])
def test_what_needs_no_operation_is_reported_without_asking(instance: dg.DagsterInstance, state: str) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("", state=state))
    [event] = tick(instance, [made], service=service(unasked), watermarks={}).events
    assert isinstance(event, dg.AssetMaterialization)
    assert values(event)["eo/state"] == state
    assert "task" not in values(event)


def test_submissions_to_another_service_are_left_alone_until_it_is_there_again(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A", service=THERE))
    found = tick(instance, [made], service=service(unasked), watermarks={})
    assert (found.events, found.settle, found.active) == ([], [], 0)
    back = look(instance, made, [operation("A", State.SUCCEEDED)], identity=THERE, watermarks=found.watermarks)
    assert len(back.events) == 1


def test_an_export_reported_before_another_service_s_is_not_reported_on_return(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A", service=HERE))
    look(instance, made, [operation("A", State.SUCCEEDED)])
    record(instance, made, JANUARY, submission("B", digest="e", service=THERE))
    look(instance, made, [operation("B", State.SUCCEEDED)], identity=THERE)
    assert look(instance, made, [operation("A", State.SUCCEEDED)]).events == []


def test_a_product_that_is_declared_as_before_again_is_reported_again(instance: dg.DagsterInstance) -> None:
    """Recipe one, recipe two, recipe one again: its finished export is reused, and `tiles` must learn of it."""
    made = chain()
    listed = [operation("A", State.SUCCEEDED), operation("B", State.SUCCEEDED)]
    for name, digest in (("A", "a"), ("B", "b"), ("A", "a")):
        record(instance, made, JANUARY, submission(name, digest=digest))
        [event] = look(instance, made, listed).events
        assert values(event)["eo/digest"] == digest * 40
    assert look(instance, made, listed).events == []


def test_a_submission_repeated_long_after_its_report_is_not_reported_again(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daily recheck records the same operation again, when its report is further back than the overlap."""
    monkeypatch.setattr(waiting, "OVERLAP", 0)
    made = chain()
    listed = [operation("A", State.SUCCEEDED), operation("B", State.SUCCEEDED)]
    record(instance, made, JANUARY, submission("A"))
    look(instance, made, listed)
    record(instance, made, FEBRUARY, submission("B"))
    found = look(instance, made, listed)
    found = look(instance, made, listed, watermarks=found.watermarks)
    record(instance, made, JANUARY, submission("A"))
    assert look(instance, made, listed, watermarks=found.watermarks).events == []


def test_an_outdated_submission_is_not_reported_once_a_newer_one_is_recorded(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A", digest="a"))
    record(instance, made, JANUARY, submission("B", digest="b"))
    listed = [operation("A", State.CANCELLED), operation("B", State.SUCCEEDED)]
    [event] = look(instance, made, listed).events
    assert values(event)["eo/digest"] == "b" * 40


def test_a_tick_stores_a_bounded_number_of_events_and_the_next_one_goes_on(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MAX_EVENTS", 2)
    made = chain()
    for name, partition in (("A", JANUARY), ("B", FEBRUARY), ("C", MARCH)):
        record(instance, made, partition, submission(name))
    listed = [operation(name, State.SUCCEEDED) for name in "ABC"]
    first = look(instance, made, listed)
    assert ([e.partition for e in first.events], first.postponed) == ([JANUARY, FEBRUARY], 1)
    second = look(instance, made, listed, watermarks=first.watermarks)
    assert ([e.partition for e in second.events], second.postponed) == ([MARCH], 0)


def test_the_watermark_never_passes_what_is_not_reported(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "OVERLAP", 0)
    made = chain()
    for name, partition in (("A", JANUARY), ("B", FEBRUARY), ("C", MARCH)):
        record(instance, made, partition, submission(name))
    done, running = State.SUCCEEDED, State.RUNNING
    listed = [operation("A", done), operation("B", running), operation("C", done)]
    first = look(instance, made, listed)
    assert first.watermarks == {"small": 0}
    second = look(instance, made, listed, watermarks=first.watermarks)
    places = {p: recorded_at(instance, made, p) for p in (JANUARY, FEBRUARY, MARCH)}
    assert second.watermarks == {"small": places[JANUARY]}
    listed[1] = operation("B", done)
    third = look(instance, made, listed, watermarks=second.watermarks)
    assert [event.partition for event in third.events] == [FEBRUARY]
    assert look(instance, made, listed, watermarks=third.watermarks).watermarks == {"small": places[MARCH]}


def recorded_at(instance: dg.DagsterInstance, made: Chain, partition: str) -> int:
    wanted = dg.AssetRecordsFilter(asset_key=made.key("submission"), asset_partitions=[partition])
    [found] = instance.fetch_materializations(wanted, limit=1).records
    return found.storage_id


def test_one_listing_serves_all_products(instance: dg.DagsterInstance) -> None:
    made = [chain(), chain(name="other")]
    for number, one in enumerate(made):
        record(instance, one, JANUARY, submission("AB"[number]))
    asked: list[int] = []

    def listing() -> list[Operation]:
        asked.append(1)
        return [operation("A", State.SUCCEEDED), operation("B", State.SUCCEEDED)]

    found = tick(instance, made, service=service(listing), watermarks={})
    assert [event.asset_key.path for event in found.events] == [["small", "export"], ["other", "export"]]
    assert len(asked) == 1


def test_an_outdated_export_that_ends_later_never_stands_in_the_new_one_s_place(instance: dg.DagsterInstance) -> None:
    """Cancelling is not guaranteed: the old recipe's task may succeed after the new one's."""
    made = chain()
    record(instance, made, JANUARY, submission("A", digest="a"))
    record(instance, made, JANUARY, submission("B", digest="b"))
    listed = [operation("A", State.RUNNING), operation("B", State.SUCCEEDED)]
    assert [values(event)["eo/digest"] for event in look(instance, made, listed).events] == ["b" * 40]
    listed[0] = operation("A", State.SUCCEEDED)
    assert look(instance, made, listed).events == []


def test_a_run_with_an_old_listing_does_not_hide_the_next_attempt(instance: dg.DagsterInstance) -> None:
    """It attaches to the first attempt after another run sent the second."""
    made = chain()
    for generation, name in ((1, "A"), (2, "B"), (1, "A")):
        record(instance, made, JANUARY, submission(name, generation=generation))
    listed = [operation("A", State.FAILED, "Internal error."), operation("B", State.SUCCEEDED)]
    found = look(instance, made, listed)
    assert [values(event)["task"] for event in found.events] == ["https://code.earthengine.google.com/tasks/B"]
    assert found.settle == []


@pytest.mark.parametrize("partition", ["gone|2024-01", "whole|1999-01"])
def test_partitions_that_the_product_no_longer_has_stop_nobody(instance: dg.DagsterInstance, partition: str) -> None:
    """A run asked for an unknown partition would fail every tick, for all products."""
    made = chain()
    record(instance, made, partition, submission("A"))
    record(instance, made, JANUARY, submission("B"))
    found = look(instance, made, [operation("A", State.FAILED, "Internal error."), operation("B", State.SUCCEEDED)])
    assert ([event.partition for event in found.events], found.settle) == ([JANUARY], [])
