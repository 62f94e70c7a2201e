"""Exports fail, are cancelled or are sent by two at once: resubmitted or red, never twice, never forgotten."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

from eo_pipeline.orchestration.following.waiting import waiting_of
from eo_pipeline_tests.end_to_end.heights import (
    submissions,
)
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT
from eo_pipeline_tests.end_to_end.place import (
    MONTH,
    PARTITION,
    Place,
    assert_made,
    cancel,
    state_of,
    wait_until_ended,
)

ROOT = Path(__file__).parents[2]
SUBMIT = f"""
import sys
from pathlib import Path
import dagster as dg
from eo_pipeline_tests.end_to_end.heights import heights
from eo_pipeline_tests.end_to_end.pipeline import pipeline
folder, url = Path(sys.argv[1]), sys.argv[2]
with dg.DagsterInstance.local_temp(str(folder / "dagster")) as instance:
    found = pipeline(heights("heights"), url=url, root=folder / "data", instance=instance, folder=folder)
    sys.exit(0 if found.materialise("submission", {PARTITION!r}).success else 1)
"""


def test_a_transient_failure_is_sent_again_as_the_next_generation(place: Place) -> None:
    place.sandbox.arm(kind="fail", message="Internal error.")
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    assert [request[-3:] for request in submissions(place.sandbox).values()] == ["-g1", "-g2"]
    assert state_of(place) == ["FAILED", "SUCCEEDED"]


def test_a_permanent_failure_ends_red_once_with_its_message(place: Place) -> None:
    place.sandbox.arm(kind="fail", message="Exported bands must have compatible data types; found Float32 and Byte.")
    found = place.pipeline()
    report = found.run([MONTH])
    [words] = report.failed.values()
    assert "must have compatible data types" in words
    assert "cast them in the recipe" in words
    assert len(submissions(place.sandbox)) == 1
    failed = [run for run in place.instance.get_runs() if not run.is_success]
    assert len(failed) == 1


def test_a_permission_lost_on_the_way_is_told_and_exported_again_when_a_person_says_so(place: Place) -> None:
    place.hold()
    found = place.pipeline()
    assert found.materialise("submission", PARTITION).success
    place.sandbox.control("settings", {"read_only_buckets": [BUCKET]})
    place.release()
    wait_until_ended(place)
    place.sandbox.control("settings", {"read_only_buckets": []})
    [words] = found.run([MONTH]).failed.values()
    assert words.startswith(
        f"Earth Engine: Permission 'storage.objects.create' denied on Cloud Storage bucket '{BUCKET}'"
    )
    assert words.endswith("`eo-pipeline run PRODUCT --resubmit`, or `resubmit: true` in the run's configuration.")
    assert list(found.run([MONTH]).failed.values()) == [words]
    assert len(submissions(place.sandbox)) == 1
    assert_made(found, found.run([MONTH], resubmit=True))


def test_cancelled_by_somebody_is_reported_and_waits_for_a_person(place: Place) -> None:
    place.hold()
    found = place.pipeline()
    assert found.materialise("submission", PARTITION).success
    [name] = submissions(place.sandbox)
    cancel(place.sandbox, name)
    result = place.tick(found)
    assert not result.run_requests
    [event] = result.events
    assert isinstance(event, dg.AssetObservation)
    assert "cancelled" in (event.description or "")
    assert place.tick(found).events == []
    place.release()
    assert_made(found, found.run([MONTH]))
    assert [request[-3:] for request in submissions(place.sandbox).values()] == ["-g1", "-g2"]


def test_the_sensor_settles_a_failure_by_a_run_and_reports_it_once_the_run_is_there(place: Place) -> None:
    """A daemon killed between two steps of its tick leaves neither a report without a run, nor two attempts."""
    place.sandbox.arm(kind="fail", message="User memory limit exceeded.")
    found = place.pipeline()
    assert found.materialise("submission", PARTITION).success
    wait_until_ended(place)
    for _ in range(2):
        result = place.tick(found)
        assert result.events == []
        [request] = result.run_requests or []
    assert (request.job_name, request.partition_key) == ("heights_settle", PARTITION)
    settled = found.definitions.resolve_job_def("heights_settle").execute_in_process(
        instance=place.instance, partition_key=PARTITION, tags=request.tags, raise_on_error=False
    )
    assert not settled.success
    result = place.tick(found)
    assert not result.run_requests
    assert [event.description for event in result.events] == ["failed: User memory limit exceeded."]
    assert place.tick(found).events == []
    assert len(submissions(place.sandbox)) == 1


def test_a_run_still_sees_a_failure_that_the_sensor_reported(place: Place) -> None:
    """Daemon and `eo-pipeline run` work on one ledger: what one reported, the other must not wait for."""
    place.hold()
    found = place.pipeline()
    assert found.materialise("submission", PARTITION).success
    [name] = submissions(place.sandbox)
    cancel(place.sandbox, name)
    assert len(place.tick(found).events) == 1
    waiting = waiting_of(place.instance, found.chain, [PARTITION], service=service_of(place))
    assert [recorded.submission.operations for recorded in waiting] == [(name,)]


def service_of(place: Place) -> str:
    return f"{place.sandbox.url} {PROJECT}"


def test_two_submissions_at_once_of_one_partition_are_one_operation(place: Place) -> None:
    """Neither sees the other's operation: the request id makes them one."""
    place.hold()
    place.sandbox.arm(kind="slow", path="image:export$", count=2, seconds=2)
    found = place.pipeline()
    command = [sys.executable, "-c", SUBMIT, str(place.folder), place.sandbox.url]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DAGSTER_HOME": place.instance.root_directory}
    both = [subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert len(submissions(place.sandbox)) == 1
    place.release()
    assert_made(found, found.run([MONTH]))
    assert len(submissions(place.sandbox)) == 1
