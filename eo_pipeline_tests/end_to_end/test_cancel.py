"""Cancelling partitions and runs: tasks end, nothing is sent again by itself, and a person starts them anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from eo_pipeline.orchestration import fan_out
from eo_pipeline.orchestration.event_log.stored_submissions import read_parts
from eo_pipeline.orchestration.removing.cancelled_runs import build_cancelled_runs_sensor
from eo_pipeline.orchestration.removing.cancelling import Cancelled, Standing, cancel, standings
from eo_pipeline.orchestration.resources import DriveResource
from eo_pipeline.orchestration.schedules import range_tags
from eo_pipeline.orchestration.status import product_status
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline_tests.end_to_end.heights import submissions, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket, resources
from eo_pipeline_tests.end_to_end.place import MONTH, PARTITION, Place, assert_made, state_of, wait_until_ended
from eo_pipeline_tests.processes import running_sandbox

OTHER = "whole|2024-02"


@pytest.fixture
def place(tmp_path: Path, instance: dg.DagsterInstance) -> Iterator[Place]:
    """Two months with images; tasks wait until they are let go."""
    for seed, month in enumerate((MONTH, "2024-02"), start=1):
        write_month(tmp_path, month, seed=seed)
    with running_sandbox(tmp_path / "sandbox", catalog=write_catalog(tmp_path), speed=100) as sandbox:
        make_bucket(sandbox.url)
        found = Place(tmp_path, sandbox, instance)
        found.hold()
        yield found


def services(place: Place) -> Services:
    given = resources(place.sandbox.url, place.folder)
    return Services(given["earth_engine"], given["cloud_storage"], DriveResource())


def cancelled(place: Place, found: Pipeline, partition: str = PARTITION) -> Cancelled:
    [standing] = standings(place.instance, found.chain, [partition], services=services(place))
    return ended(place, found, standing)


def ended(place: Place, found: Pipeline, standing: Standing) -> Cancelled:
    return cancel(place.instance, found.chain, standing, services=services(place), reason="cancelled by a test")


def look_at_runs(place: Place, found: Pipeline, cursor: str | None = None) -> dg.SensorResult:
    """One tick of the sensor of cancelled runs."""
    sensor = build_cancelled_runs_sensor([found.chain])
    given = {**resources(place.sandbox.url, place.folder), "drive": DriveResource()}
    with dg.build_sensor_context(instance=place.instance, resources=given, cursor=cursor) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def submitted(found: Pipeline, first: str, last: str) -> dg.DagsterRun:
    """A run over a range of partitions."""
    result = found.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=found.instance, asset_selection=[found.chain.key("submission")], tags=range_tags(first, last)
    )
    return result.dagster_run


def observed(found: Pipeline, stage: str) -> list[str | None]:
    """Descriptions of all observations of a stage."""
    records = found.instance.fetch_observations(found.chain.key(stage), limit=10).records
    return [record.asset_observation.description for record in records if record.asset_observation is not None]


def metadata(found: Pipeline, partition: str = PARTITION) -> dict[str, Any]:
    return found.metadata("submission", partition)


def test_a_cancelled_partition_ends_stays_so_and_is_started_anew_by_a_person(place: Place) -> None:
    found = place.pipeline()
    submitted(found, PARTITION, OTHER)
    told = cancelled(place, found)
    assert told.sentence == f"{PARTITION}: 1 operation cancelled"
    assert state_of(place) == ["CANCELLED", "PENDING"]
    assert metadata(found)["eo/state"] == "withdrawn"
    tick = place.tick(found)
    assert tick.run_requests in (None, [])
    place.tick(found)
    assert observed(found, "export") == ["cancelled: cancelled here"]
    stage = product_status(place.instance, found.chain).stages[0]
    assert (stage.done, stage.withdrawn) == (1, 1)
    place.release()
    assert_made(found, found.run([MONTH]))
    [part] = read_parts(metadata(found))
    assert part.generation == 2
    assert product_status(place.instance, found.chain).stages[0].withdrawn == 0


def test_a_second_call_finds_nothing_to_cancel(place: Place) -> None:
    found = place.pipeline()
    submitted(found, PARTITION, PARTITION)
    cancelled(place, found)
    [standing] = standings(place.instance, found.chain, [PARTITION], services=services(place))
    assert not standing.is_open
    assert cancelled(place, found).sentence == f"{PARTITION}: nothing to cancel"


def test_a_kill_between_cancelling_and_recording_is_finished_by_a_second_call(place: Place) -> None:
    found = place.pipeline()
    submitted(found, PARTITION, PARTITION)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(place.instance), "report_runless_asset_event", _killed)
        with pytest.raises(RuntimeError, match="killed"):
            cancelled(place, found)
    assert state_of(place) == ["CANCELLED"]
    assert place.tick(found).run_requests in (None, [])
    assert metadata(found)["eo/state"] == "submitted"
    assert cancelled(place, found).sentence == f"{PARTITION}: nothing to cancel"


def _killed(*_: object, **__: object) -> None:
    raise RuntimeError("killed")


def test_a_held_submission_stops_waiting(place: Place) -> None:
    spent = place.pipeline(budget={"eecu_hours_a_month": 0})
    submitted(spent, PARTITION, PARTITION)
    assert metadata(spent)["eo/state"] == "held"
    assert cancelled(place, spent).sentence == f"{PARTITION}: no longer waits"
    raised = place.pipeline(budget={"eecu_hours_a_month": 1})
    assert place.tick(raised).run_requests in (None, [])
    assert raised.materialise("submission", PARTITION).success
    assert len(submissions(place.sandbox)) == 1


def test_an_operation_that_no_record_knows_is_cancelled_too(place: Place) -> None:
    """The run's history is gone, as after a kill between sending and recording."""
    found = place.pipeline()
    run = submitted(found, PARTITION, PARTITION)
    place.instance.delete_run(run.run_id)
    assert cancelled(place, found).sentence == f"{PARTITION}: 1 operation cancelled"
    assert state_of(place) == ["CANCELLED"]
    assert observed(found, "submission") == ["cancelled by a test; it had sent 1 operation that no record knew"]


def test_what_succeeded_before_it_could_be_cancelled_is_said_so_and_used(place: Place) -> None:
    found = place.pipeline()
    submitted(found, PARTITION, PARTITION)
    [standing] = standings(place.instance, found.chain, [PARTITION], services=services(place))
    place.release()
    wait_until_ended(place)
    told = ended(place, found, standing)
    assert told.sentence == (
        f"{PARTITION}: 1 operation had succeeded before; all its files are at their destination already"
    )
    assert found.materialise("submission", PARTITION).success
    assert metadata(found)["decision"] == "reuse"
    assert len(submissions(place.sandbox)) == 1


def test_the_job_cancels_a_range(place: Place) -> None:
    found = place.pipeline()
    submitted(found, PARTITION, OTHER)
    job = found.definitions.resolve_job_def("heights_cancel")
    assert job.execute_in_process(
        instance=place.instance,
        tags=range_tags(PARTITION, OTHER),
        resources=resources(place.sandbox.url, place.folder),
    ).success
    assert state_of(place) == ["CANCELLED", "CANCELLED"]


def test_a_cancelled_run_cancels_what_it_sent(place: Place) -> None:
    found = place.pipeline()
    run = submitted(found, PARTITION, OTHER)
    [name] = json.loads(metadata(found)["eo/sent"])
    assert name in submissions(place.sandbox)
    place.instance.report_run_canceled(run)
    look_at_runs(place, found)
    assert state_of(place) == ["CANCELLED", "CANCELLED"]
    assert metadata(found)["eo/state"] == metadata(found, OTHER)["eo/state"] == "withdrawn"
    assert place.tick(found).run_requests in (None, [])


def test_a_cancelled_run_leaves_what_it_joined_and_what_others_joined_since(place: Place) -> None:
    found = place.pipeline()
    submitted(found, PARTITION, PARTITION)
    second = submitted(found, PARTITION, OTHER)
    submitted(found, OTHER, OTHER)
    place.instance.report_run_canceled(second)
    look_at_runs(place, found)
    assert state_of(place) == ["PENDING", "PENDING"]


def submitted_and_killed(found: Pipeline, first: str, last: str) -> dg.DagsterRun:
    """A run that sent one task, and was killed before it could record it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fan_out, "_record", _killed)
        with pytest.raises(RuntimeError, match="killed"):
            submitted(found, first, last)
    [run] = found.instance.get_runs(limit=1)
    return run


def test_a_cancelled_run_cancels_what_it_sent_but_could_not_record_and_nothing_later(
    tmp_path: Path, place: Place
) -> None:
    """The service's clock is the machine's, so that times can be compared."""
    with running_sandbox(tmp_path / "on_time", catalog=tmp_path / "catalog.yaml") as sandbox:
        make_bucket(sandbox.url)
        on_time = Place(place.folder, sandbox, place.instance)
        on_time.hold()
        found = on_time.pipeline()
        place.instance.report_run_canceled(submitted_and_killed(found, PARTITION, OTHER))
        assert place.instance.get_materialized_partitions(found.chain.key("submission")) == set()
        assert state_of(on_time) == ["PENDING"]
        result = look_at_runs(on_time, found)
        assert state_of(on_time) == ["CANCELLED"]
        assert look_at_runs(on_time, found, result.cursor).skip_reason == dg.SkipReason("No run was cancelled.")
        submitted_and_killed(found, PARTITION, PARTITION)
        look_at_runs(on_time, found)
        assert state_of(on_time) == ["CANCELLED", "PENDING"]


def test_a_run_that_was_cancelled_while_earth_engine_was_away_is_looked_at_again(place: Place) -> None:
    found = place.pipeline()
    run = submitted(found, PARTITION, PARTITION)
    place.instance.report_run_canceled(run)
    place.sandbox.arm(kind="status", path="operations", status=403, count=1, message="Permission denied.")
    with pytest.raises(Exception, match="Permission denied"):
        look_at_runs(place, found)
    assert state_of(place) == ["PENDING"]
    look_at_runs(place, found)
    assert state_of(place) == ["CANCELLED"]
