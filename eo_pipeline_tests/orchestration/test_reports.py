"""What a tick of the sensor reports of submissions, on a real event log and a listing of operations."""

from collections.abc import Iterable, Mapping

import dagster as dg
import pytest

from eo_pipeline.core.reconcile import Operation, State
from eo_pipeline.orchestration import reports
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.reports import Tick, tick
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


def look(
    instance: dg.DagsterInstance,
    made: Chain,
    listed: Iterable[Operation] = (),
    *,
    watermarks: Mapping[str, int] | None = None,
    service: str = HERE,
) -> Tick:
    """One tick whose events are stored, as the daemon does."""
    found = tick(instance, [made], service=service, list_operations=lambda: listed, watermarks=watermarks or {})
    for event in found.events:
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
    assert shown["tiles at"] == f"gs://tiles/small/{JANUARY}/{'d' * 40}/tile"
    assert shown["eo/digest"] == "d" * 40


def test_it_is_reported_once_although_the_cursor_is_lost(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    listed = [operation("A", State.SUCCEEDED)]
    assert len(look(instance, made, listed).events) == 1
    again = tick(instance, [made], service=HERE, list_operations=unasked, watermarks={})
    assert (again.events, again.active) == ([], 0)


def test_what_is_under_way_is_counted_and_not_reported(instance: dg.DagsterInstance) -> None:
    made = chain()
    for name, partition in (("A", JANUARY), ("B", FEBRUARY), ("C", MARCH)):
        record(instance, made, partition, submission(name))
    states = (State.PENDING, State.RUNNING, State.CANCELLING)
    found = look(instance, made, [operation(n, s) for n, s in zip("ABC", states, strict=True)])
    assert (found.events, found.settle, found.active) == ([], [], 3)


def test_a_failure_is_observed_and_settled_by_a_run_once(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    listed = [operation("A", State.FAILED, "User memory limit exceeded.")]
    found = look(instance, made, listed)
    [event] = found.events
    assert isinstance(event, dg.AssetObservation)
    assert event.description == "failed: User memory limit exceeded."
    assert values(event)["error"] == "User memory limit exceeded."
    assert [(c.product.name, r.partition) for c, r in found.settle] == [("small", JANUARY)]
    again = look(instance, made, listed)
    assert (again.events, again.settle) == ([], [])


def test_a_task_that_the_service_forgot_is_a_failure_to_settle(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A"))
    found = look(instance, made, [operation("ANOTHER", State.SUCCEEDED)])
    [event] = found.events
    assert event.description == "failed: Earth Engine no longer lists this task"
    assert len(found.settle) == 1


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
    [event] = tick(instance, [made], service=HERE, list_operations=unasked, watermarks={}).events
    assert isinstance(event, dg.AssetMaterialization)
    assert values(event)["eo/state"] == state
    assert "task" not in values(event)


def test_submissions_to_another_service_are_left_alone_until_it_is_there_again(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A", service=THERE))
    found = tick(instance, [made], service=HERE, list_operations=unasked, watermarks={})
    assert (found.events, found.settle, found.active) == ([], [], 0)
    back = look(instance, made, [operation("A", State.SUCCEEDED)], service=THERE, watermarks=found.watermarks)
    assert len(back.events) == 1


def test_an_export_reported_before_another_service_s_is_not_reported_on_return(instance: dg.DagsterInstance) -> None:
    made = chain()
    record(instance, made, JANUARY, submission("A", service=HERE))
    look(instance, made, [operation("A", State.SUCCEEDED)])
    record(instance, made, JANUARY, submission("B", digest="e", service=THERE))
    look(instance, made, [operation("B", State.SUCCEEDED)], service=THERE)
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
    monkeypatch.setattr(reports, "OVERLAP", 0)
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
    monkeypatch.setattr(reports, "OVERLAP", 0)
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

    found = tick(instance, made, service=HERE, list_operations=listing, watermarks={})
    assert [event.asset_key.path for event in found.events] == [["small", "export"], ["other", "export"]]
    assert len(asked) == 1
