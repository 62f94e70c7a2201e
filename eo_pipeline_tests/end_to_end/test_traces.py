"""Service, ledger and bucket lose or change a partition's traces: nothing is exported twice, nothing is skipped."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
import rasterio
import requests

from eo_pipeline.orchestration.run import RunReport
from eo_pipeline.orchestration.sensors import build_operations_sensor
from eo_pipeline.orchestration.waiting import waiting_of
from eo_pipeline.storage.cubes import CubeAddress, open_cube
from eo_pipeline_tests.end_to_end.heights import (
    CRS,
    RESOLUTION,
    heights,
    last_states,
    submissions,
    write_catalog,
    write_month,
)
from eo_pipeline_tests.end_to_end.pipeline import PROJECT, Pipeline, make_bucket, pipeline, resources
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

MONTH, PARTITION = "2024-01", "whole|2024-01"
EMPTY, EMPTY_PARTITION = "2024-03", "whole|2024-03"
STAGES = ("submission", "export", "tiles", "mosaic", "cube", "zonal_stats")
A_WHILE = 1e6


@dataclass(frozen=True)
class Place:
    """A sandbox of its own with one product."""

    folder: Path
    sandbox: SandboxProcess
    instance: dg.DagsterInstance

    def pipeline(
        self, *, sandbox: SandboxProcess | None = None, instance: dg.DagsterInstance | None = None, **more: Any
    ) -> Pipeline:
        """The product, perhaps changed, perhaps on another service or with another history."""
        return pipeline(
            heights("heights", **more),
            url=(sandbox or self.sandbox).url,
            root=self.folder / "data",
            instance=instance or self.instance,
            folder=self.folder,
        )

    def hold(self) -> None:
        """Let submissions wait in the service's queue."""
        self.sandbox.control("settings", {"pending_seconds": A_WHILE})

    def release(self) -> None:
        """Let the service's queue run."""
        self.sandbox.control("settings", {"pending_seconds": 0.0})

    def tick(self, found: Pipeline) -> dg.SensorResult:
        """One tick of the sensor; its events are stored as the daemon does."""
        sensor = build_operations_sensor([found.chain])
        context = dg.build_sensor_context(
            instance=self.instance, resources=resources(self.sandbox.url, self.folder), cursor=None
        )
        result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        for event in result.asset_events:
            self.instance.report_runless_asset_event(event)
        return result


@pytest.fixture
def place(tmp_path: Path, instance: dg.DagsterInstance) -> Iterator[Place]:
    write_month(tmp_path, MONTH, seed=1)
    catalog = write_catalog(tmp_path)
    with running_sandbox(tmp_path / "sandbox", catalog=catalog, speed=100) as sandbox:
        make_bucket(sandbox.url)
        yield Place(tmp_path, sandbox, instance)


def assert_made(found: Pipeline, report: RunReport, partition: str = PARTITION) -> None:
    assert report.failed == {}
    month = partition.partition("|")[2]
    for stage in STAGES:
        key = month if stage == "zonal_stats" else partition
        assert key in found.instance.get_materialized_partitions(found.chain.key(stage)), stage


def state_of(place: Place) -> list[str]:
    return list(last_states(place.sandbox).values())


# --- another service


def test_another_service_gets_its_own_exports_and_the_first_ones_are_left_alone(place: Place, tmp_path: Path) -> None:
    place.hold()
    first = place.pipeline()
    assert first.materialise("submission", PARTITION).success
    with running_sandbox(tmp_path / "second", catalog=tmp_path / "catalog.yaml", speed=100) as other:
        make_bucket(other.url)
        second = place.pipeline(sandbox=other)
        assert_made(second, second.run([MONTH]))
        assert len(submissions(other)) == 1
        at_other = Place(place.folder, other, place.instance)
        assert at_other.tick(second).asset_events == []
    assert state_of(place) == ["PENDING"]
    place.release()
    assert_made(first, first.run([MONTH]))
    assert state_of(place) == ["SUCCEEDED"]


# --- lost histories


def test_deleting_every_run_makes_everything_again_and_exports_nothing(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    for run in place.instance.get_runs():
        place.instance.delete_run(run.run_id)
    assert place.instance.get_materialized_partitions(found.chain.key("tiles")) == set()
    assert_made(found, found.run([MONTH]))
    assert len(submissions(place.sandbox)) == 1


def test_deleting_the_run_of_a_pending_export_finds_it_again(place: Place) -> None:
    place.hold()
    found = place.pipeline()
    made = found.materialise("submission", PARTITION)
    place.instance.delete_run(made.run_id)
    place.release()
    assert_made(found, found.run([MONTH]))
    assert len(submissions(place.sandbox)) == 1


def test_a_new_instance_makes_everything_again_and_exports_nothing(place: Place, tmp_path: Path) -> None:
    first = place.pipeline()
    assert_made(first, first.run([MONTH]))
    commit = first.metadata("cube", PARTITION)["snapshot"]
    (tmp_path / "new").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "new")) as wiped:
        again = place.pipeline(instance=wiped)
        assert_made(again, again.run([MONTH]))
        assert again.metadata("submission", PARTITION)["decision"] == "reuse"
        assert again.metadata("cube", PARTITION)["snapshot"] == commit
    assert len(submissions(place.sandbox)) == 1


def test_objects_alone_are_trace_enough(place: Place, tmp_path: Path) -> None:
    """A new instance, and a service that has forgotten its operations: the bucket still holds the tiles."""
    first = place.pipeline()
    assert_made(first, first.run([MONTH]))
    place.sandbox.process.terminate()
    place.sandbox.process.wait(15)
    shutil.rmtree(place.sandbox.data / "operations")
    (tmp_path / "new").mkdir()
    with (
        running_sandbox(place.sandbox.data, catalog=tmp_path / "catalog.yaml", port=port_of(place.sandbox)) as sandbox,
        dg.DagsterInstance.local_temp(str(tmp_path / "new")) as wiped,
    ):
        again = place.pipeline(sandbox=sandbox, instance=wiped)
        assert_made(again, again.run([MONTH]))
        assert again.metadata("submission", PARTITION)["decision"] == "reuse_objects"
        assert len(submissions(sandbox)) == 1


def port_of(sandbox: SandboxProcess) -> int:
    return int(sandbox.url.rpartition(":")[2])


# --- asked to pay again


def test_resubmit_exports_once_more(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    assert_made(found, found.run([MONTH], resubmit=True))
    assert found.metadata("submission", PARTITION)["eo/generation"] == 2
    _, second = submissions(place.sandbox)
    assert found.metadata("export", PARTITION)["eo/reported"] == second
    assert_made(found, found.run([MONTH]))
    assert [request[-3:] for request in submissions(place.sandbox).values()] == ["-g1", "-g2"]


# --- changed recipes and inputs


def test_a_changed_recipe_cancels_the_export_under_way_and_sends_its_own(place: Place) -> None:
    place.hold()
    old = place.pipeline()
    assert old.materialise("submission", PARTITION).success
    new = place.pipeline(composite={"reducer": "max"})
    assert new.materialise("submission", PARTITION).success
    assert state_of(place) == ["CANCELLED", "PENDING"]
    place.release()
    assert_made(new, new.run([MONTH]))
    assert state_of(place) == ["CANCELLED", "SUCCEEDED"]


def test_a_recipe_that_comes_back_reuses_its_export_downstream_too(place: Place) -> None:
    old, new = place.pipeline(), place.pipeline(composite={"reducer": "max"})
    assert_made(old, old.run([MONTH]))
    assert_made(new, new.run([MONTH]))
    assert_made(old, old.run([MONTH]))
    digests = {old.metadata(stage, PARTITION)["eo/digest"] for stage in STAGES[:5]}
    assert len(digests) == 1
    assert len(submissions(place.sandbox)) == 2


def test_a_late_image_is_one_more_export_and_everything_follows(place: Place, tmp_path: Path) -> None:
    found = place.pipeline()
    assert found.run([EMPTY]).failed == {}
    assert found.metadata("submission", EMPTY_PARTITION)["eo/state"] == "no_images"
    assert not found.mosaic("whole", EMPTY).exists()
    assert submissions(place.sandbox) == {}
    place.sandbox.process.terminate()
    place.sandbox.process.wait(15)
    pixels = write_month(tmp_path, EMPTY, seed=2)
    catalog = tmp_path / "catalog.yaml"
    with running_sandbox(place.sandbox.data, catalog=catalog, port=port_of(place.sandbox), speed=100) as sandbox:
        again = place.pipeline(sandbox=sandbox)
        assert_made(again, again.run([EMPTY]), EMPTY_PARTITION)
        assert again.metadata("submission", EMPTY_PARTITION)["eo/state"] == "submitted"
        assert len(submissions(sandbox)) == 1
        assert_pixels(again, EMPTY, pixels)


def test_a_reprocessed_image_is_one_more_export_and_everything_follows(place: Place, tmp_path: Path) -> None:
    first = place.pipeline()
    assert_made(first, first.run([MONTH]))
    place.sandbox.process.terminate()
    place.sandbox.process.wait(15)
    pixels = write_month(tmp_path, MONTH, seed=3)
    catalog = tmp_path / "catalog.yaml"
    with running_sandbox(place.sandbox.data, catalog=catalog, port=port_of(place.sandbox), speed=100) as sandbox:
        again = place.pipeline(sandbox=sandbox)
        assert_made(again, again.run([MONTH]))
        assert len(submissions(sandbox)) == 2
        assert_pixels(again, MONTH, pixels)


def assert_pixels(found: Pipeline, month: str, pixels: np.typing.NDArray[np.float32]) -> None:
    """Mosaic, cube and table hold this month's pixels."""
    with rasterio.open(found.mosaic("whole", month)) as dataset:
        np.testing.assert_array_equal(dataset.read(1), pixels)
    cube = open_cube(CubeAddress(str(found.root / "cubes" / "heights")))
    np.testing.assert_array_equal(cube["height"].sel(time=month).values.squeeze(), pixels)
    table = pd.read_parquet(found.table(month).with_suffix(".parquet"))
    zone = pixels[30:100, 20:90]  # 300..1000 m south and 200..900 m east of the corner, 10 m a pixel
    assert table["height_count"].item() == zone.size
    assert table["height_mean"].item() == pytest.approx(zone.astype(float).mean(), rel=1e-6)  # summed as float32


# --- failures


def test_a_transient_failure_is_sent_again_as_the_next_generation(place: Place) -> None:
    place.sandbox.arm(kind="fail", message="Internal error.")
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    assert [request[-3:] for request in submissions(place.sandbox).values()] == ["-g1", "-g2"]
    assert state_of(place) == ["FAILED", "SUCCEEDED"]


def test_a_permanent_failure_ends_red_once_with_its_message(place: Place) -> None:
    place.sandbox.arm(kind="fail", message="User memory limit exceeded.")
    found = place.pipeline()
    report = found.run([MONTH])
    [words] = report.failed.values()
    assert "User memory limit exceeded." in words
    assert "area.tile" in words
    assert len(submissions(place.sandbox)) == 1
    failed = [run for run in place.instance.get_runs() if not run.is_success]
    assert len(failed) == 1


def test_cancelled_by_somebody_is_reported_and_waits_for_a_person(place: Place) -> None:
    place.hold()
    found = place.pipeline()
    assert found.materialise("submission", PARTITION).success
    [name] = submissions(place.sandbox)
    cancel(place.sandbox, name)
    result = place.tick(found)
    assert not result.run_requests
    [event] = result.asset_events
    assert isinstance(event, dg.AssetObservation)
    assert "cancelled" in (event.description or "")
    assert place.tick(found).asset_events == []
    place.release()
    assert_made(found, found.run([MONTH]))
    assert [request[-3:] for request in submissions(place.sandbox).values()] == ["-g1", "-g2"]


def cancel(sandbox: SandboxProcess, name: str) -> None:
    """As a person does in Earth Engine's task list."""
    requests.post(f"{sandbox.url}/v1/{name}:cancel", json={}, timeout=30).raise_for_status()


# --- made twice


def test_a_mosaic_can_be_made_again_although_its_tiles_are_gone(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    before = found.mosaic("whole", MONTH).read_bytes()
    assert found.materialise("mosaic", PARTITION).success
    assert found.mosaic("whole", MONTH).read_bytes() == before
    assert found.metadata("mosaic", PARTITION)["eo/state"] == "written"


# --- the sensor's tick


def test_the_sensor_settles_a_failure_by_a_run_and_reports_it_once_the_run_is_there(place: Place) -> None:
    """A daemon killed between two steps of its tick leaves neither a report without a run, nor two attempts."""
    place.sandbox.arm(kind="fail", message="User memory limit exceeded.")
    found = place.pipeline()
    assert found.materialise("submission", PARTITION).success
    wait_until_ended(place)
    for _ in range(2):
        result = place.tick(found)
        assert result.asset_events == []
        [request] = result.run_requests or []
    assert (request.job_name, request.partition_key) == ("heights_settle", PARTITION)
    settled = found.definitions.resolve_job_def("heights_settle").execute_in_process(
        instance=place.instance, partition_key=PARTITION, tags=request.tags, raise_on_error=False
    )
    assert not settled.success
    result = place.tick(found)
    assert not result.run_requests
    assert [event.description for event in result.asset_events] == ["failed: User memory limit exceeded."]
    assert place.tick(found).asset_events == []
    assert len(submissions(place.sandbox)) == 1


def test_a_second_look_at_an_unchanged_partition_is_not_reported_again(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH, EMPTY]))
    assert found.materialise("submission", PARTITION).success
    assert found.materialise("submission", EMPTY_PARTITION).success
    assert found.metadata("submission", PARTITION)["decision"] == "reuse"
    assert place.tick(found).asset_events == []


def test_a_run_does_not_wait_for_a_failure_that_the_sensor_reported(place: Place) -> None:
    """Daemon and `eo-pipeline run` work on one ledger: what one reported, the other must not wait for."""
    place.hold()
    found = place.pipeline()
    assert found.materialise("submission", PARTITION).success
    [name] = submissions(place.sandbox)
    cancel(place.sandbox, name)
    assert len(place.tick(found).asset_events) == 1
    waiting = waiting_of(place.instance, found.chain, [PARTITION], service=service_of(place))
    assert [recorded.submission.operation for recorded in waiting] == [name]


def service_of(place: Place) -> str:
    return f"{place.sandbox.url} {PROJECT}"


def wait_until_ended(place: Place) -> None:
    for _ in range(200):
        if not {"PENDING", "RUNNING"} & set(state_of(place)):
            return
        time.sleep(0.1)
    pytest.fail(f"expected every operation to end, got {state_of(place)}")


# --- two at once


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


# --- the schedule


def test_a_schedule_submits_what_became_available_in_one_run(place: Place) -> None:
    found = place.pipeline(
        area={"cover": "zones.geojson", "crs": CRS, "resolution": RESOLUTION, "origin": [0, 0], "tile": 32},
        period={"every": "month", "start": "2024-01", "end": "2024-04", "available_after": "10d", "recheck_for": "60d"},
        cube=None,
    )
    assert len(found.chain.areas) > 4
    requests_ = run_requests(place, found, datetime(2024, 2, 11, 4, 30, tzinfo=UTC))
    assert [request.run_key for request in requests_] == ["heights:2024-01:0:2024-02-11"]
    assert run_requests(place, found, datetime(2024, 2, 10, 4, 30, tzinfo=UTC)) == []
    [request] = requests_
    job = found.definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=place.instance, asset_selection=[found.chain.key("submission")], tags=request.tags
    )
    assert result.success
    made = place.instance.get_materialized_partitions(found.chain.key("submission"))
    assert made == {f"{area}|{MONTH}" for area in found.chain.areas}
    assert len(submissions(place.sandbox)) == len(found.chain.areas)
    again = run_requests(place, found, datetime(2024, 3, 1, 4, 30, tzinfo=UTC))
    assert [request.run_key for request in again] == ["heights:2024-01:0:2024-03-01"]


def run_requests(place: Place, found: Pipeline, now: datetime) -> list[dg.RunRequest]:
    """What the product's schedule asks for at an instant."""
    schedule = found.definitions.resolve_schedule_def("heights_submit_available")
    context = dg.build_schedule_context(
        instance=place.instance,
        scheduled_execution_time=now,
        resources={"earth_engine": resources(place.sandbox.url, place.folder)["earth_engine"]},
        repository_def=found.definitions.get_repository_def(),
    )
    return list(schedule.evaluate_tick(context).run_requests or [])
