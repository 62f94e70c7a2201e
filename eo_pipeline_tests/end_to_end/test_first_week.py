"""The first week of a real user on an account that others share: told what to do, nothing lost, nothing doubled."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml

from eo_pipeline.cli.init import make_project
from eo_pipeline_tests.end_to_end.command_line import UserProject
from eo_pipeline_tests.end_to_end.heights import heights, submissions, write_catalog, write_month
from eo_pipeline_tests.end_to_end.later import later
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT, Pipeline, make_bucket, resources
from eo_pipeline_tests.end_to_end.place import (
    BARE,
    MONTH,
    PARTITION,
    Place,
    assert_made,
    cancel,
    parts_of,
    port_of,
    state_of,
    wait_until_ended,
)
from eo_pipeline_tests.processes import running_sandbox

MONTHS = ("2024-01", "2024-02", "2024-03")
ALL = tuple(f"whole|{month}" for month in MONTHS)
EXPORT = 65.0
"""EECU-seconds of one export."""
HOUR = timedelta(hours=1)


@pytest.fixture
def place(tmp_path: Path, instance: dg.DagsterInstance) -> Iterator[Place]:
    for seed, month in enumerate(MONTHS[:2]):
        write_month(tmp_path, month, seed=seed)
    costs = {"eecu_seconds_per_request": 0.0, "eecu_seconds_per_megapixel": EXPORT / (256 * 256 / 1e6)}
    with running_sandbox(tmp_path / "sandbox", settings=costs, catalog=write_catalog(tmp_path), speed=100) as sandbox:
        make_bucket(sandbox.url)
        yield Place(tmp_path, sandbox, instance)


@pytest.fixture
def project(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UserProject:
    """A new user's project, the working directory, with the product `heights`."""
    folder = tmp_path / "project"
    make_project(folder)
    (folder / "products" / "heights").mkdir()
    attributes = {name: part for name, part in heights("", **BARE).items() if name != "name" and part is not None}
    declared = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": attributes}
    (folder / "products" / "heights" / "defs.yaml").write_text(yaml.safe_dump(declared))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "1000")
    return UserProject(folder, place.sandbox.url)


MISTAKES = [
    ({"unregistered_projects": [PROJECT]}, "project registered", "is not registered to use Earth Engine"),
    ({"disabled_projects": [PROJECT]}, "API enabled", "Enable it by visiting https://console.developers.google.com"),
    ({"read_only_buckets": [BUCKET]}, f"bucket {BUCKET}: write", "grant it Storage Object Admin on the bucket"),
]


def test_each_mistake_of_the_first_day_is_told_and_then_the_same_command_succeeds(
    place: Place, project: UserProject
) -> None:
    for settings, check, words in MISTAKES:
        place.sandbox.control("settings", settings)
        ran, examined = (project.invoke(*command) for command in (RUN, ["doctor"]))
        assert (ran.exit_code, examined.exit_code) == (1, 1)
        for told in (ran.output, examined.output):
            assert words in " ".join(told.split()), check
            assert "Traceback" not in told
        assert [line.split("  ")[0] for line in examined.output.splitlines() if check in line][:1] == ["failed"]
        assert submissions(place.sandbox) == {}
        place.sandbox.control("settings", {name: [] for name in settings})
    done = project.invoke(*RUN)
    assert done.exit_code == 0, done.output
    assert len(submissions(place.sandbox)) == 1
    assert (project.folder / "data" / "heights" / "mosaic" / "whole" / f"{MONTH}.tif").exists()


RUN = ["run", "heights", "--partitions", MONTH]


def test_a_colleague_fills_the_queue(place: Place) -> None:
    """2,990 of their tasks wait: not even what is urgent is sent, until they have drained."""
    place.hold()
    place.sandbox.control("settings", {"running_at_once": 20})
    place.others(2990, seconds=0)
    found = place.pipeline(**BARE)
    assert found.materialise("submission", PARTITION).success
    urgent = place.pipeline(name="urgent", **BARE, export={"priority": 9000})
    assert urgent.materialise("submission", PARTITION).success
    for product in (found, urgent):
        reason = product.metadata("submission", PARTITION)["reason"]
        assert reason.startswith("held back: 2990 tasks wait in the project's queue, 2990 of them not ours; up to 2")
    assert "1 held back: 2990 tasks wait in the project's queue" in place.tick(found).skipped
    assert len(state_of(place)) == 2990
    drain(place, below=2390)
    for product in (urgent, found):
        assert [run.success for run in place.carry_out(product, place.tick(product))] == [True]
        assert product.metadata("submission", PARTITION)["eo/state"] == "submitted"
    assert len([request for request in submissions(place.sandbox).values() if request]) == 2


def drain(place: Place, *, below: int) -> None:
    """Let the queue run until fewer tasks wait."""
    place.release()
    place.sandbox.control("clock", {"tick": 1})
    while state_of(place).count("PENDING") >= below:
        time.sleep(0.2)
    place.hold()


def test_ours_is_cancelled_by_somebody_and_started_again_by_a_person(place: Place) -> None:
    place.hold()
    found = place.pipeline(**BARE)
    daemon = place.daemon(found)
    assert found.materialise("submission", PARTITION).success
    [name] = submissions(place.sandbox)
    cancel(place.sandbox, name)
    [event] = place.tick(found).events
    assert (event.description or "").startswith("cancelled: ")
    assert (place.tick(found).run_requests, len(submissions(place.sandbox))) == ([], 1)
    assert found.materialise("submission", PARTITION).success
    place.release()
    daemon.work()
    assert PARTITION in place.instance.get_materialized_partitions(found.chain.key("mosaic"))
    assert [part.generation for part in parts_of(found)] == [2]


def test_credentials_expire_over_the_weekend_and_monday_resumes_by_itself(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = place.pipeline(**BARE)
    assert_made(found, found.run([MONTH]))
    place.sandbox.control("settings", {"anonymous": False})
    assert found.materialise("submission", ALL[1]).success
    said = found.metadata("submission", ALL[1])
    assert said["eo/state"] == "held"
    assert "renew" in said["reason"].lower()
    assert found.materialise("submission", PARTITION).success
    assert found.metadata("submission", PARTITION)["eo/state"] == "submitted", "what was exported is not held back"
    with pytest.raises(Exception, match="credential"):
        place.tick(found)
    place.sandbox.control("settings", {"anonymous": True})
    later(monkeypatch, HOUR)
    daemon = place.daemon(found)
    daemon.work()
    assert daemon.failed == []
    assert found.metadata("submission", ALL[1])["eo/state"] == "submitted"
    assert len(submissions(place.sandbox)) == 2
    assert not [run for run in place.instance.get_runs() if not run.is_success]


def test_the_daily_compute_limit_is_hit_and_the_next_day_resumes_by_itself(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second task meets the limit as it starts; settling it is refused too, and is not tried at every tick."""
    place.sandbox.control("settings", {"running_at_once": 1, "daily_eecu_seconds": EXPORT / 2})
    place.hold()
    found = place.pipeline(**BARE)
    daemon = place.daemon(found)
    for partition in ALL[:2]:
        assert found.materialise("submission", partition).success
    place.release()
    wait_until_ended(place)
    assert sorted(state_of(place)) == ["FAILED", "SUCCEEDED"]
    daemon.work()
    [waits] = [p for p in ALL[:2] if found.metadata("submission", p)["eo/state"] == "held"]
    assert "daily_eecu_usage_time" in found.metadata("submission", waits)["reason"]
    runs = len(place.instance.get_runs())
    assert [place.tick(found).run_requests for _ in range(2)] == [[], []]
    place.sandbox.control("clock", {"tick": 86_400})
    for hours in (1, 2, 3):
        later(monkeypatch, hours * HOUR)
        daemon.work()
    assert daemon.failed == []
    assert sorted(state_of(place)) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert len(place.instance.get_runs()) <= runs + 6
    for partition in ALL[:2]:
        assert partition in place.instance.get_materialized_partitions(found.chain.key("mosaic"))
    assert not [run for run in place.instance.get_runs() if not run.is_success]


def test_the_month_turns_and_only_what_changed_is_exported(place: Place, tmp_path: Path) -> None:
    """March comes late, February is made anew, January stays: the schedule looks at all, two are exported."""
    periods = {
        "every": "month",
        "start": "2024-01",
        "end": "2024-04",
        "available_after": "10d",
        "recheck_for": "100d",
    }
    found = place.pipeline(**BARE, period=periods)
    daemon = place.daemon(found)
    assert scheduled(place, found, datetime(2024, 4, 11, 4, 30, tzinfo=UTC)) == list(ALL)
    daemon.work()
    assert found.metadata("submission", ALL[2])["eo/state"] == "no_images"
    assert len(submissions(place.sandbox)) == 2
    place.sandbox.process.terminate()
    place.sandbox.process.wait(15)
    for seed, month in ((12, "2024-02"), (13, "2024-03")):
        write_month(tmp_path, month, seed=seed)
    catalog, port = tmp_path / "catalog.yaml", port_of(place.sandbox)
    with running_sandbox(place.sandbox.data, catalog=catalog, port=port, speed=100) as sandbox:
        there = Place(place.folder, sandbox, place.instance)
        again = there.daemon(found)
        assert scheduled(there, found, datetime(2024, 4, 12, 4, 30, tzinfo=UTC)) == list(ALL)
        again.work()
        assert (daemon.failed, again.failed) == ([], [])
        assert found.metadata("submission", ALL[0])["decision"] == "reuse"
        assert [found.metadata("submission", p)["decision"] for p in ALL[1:]] == ["submit", "submit"]
        assert len(submissions(sandbox)) == 4


def scheduled(place: Place, found: Pipeline, now: datetime) -> list[str]:
    """Run what the product's schedule asks for at an instant; gives the partitions."""
    with dg.build_schedule_context(
        instance=place.instance,
        scheduled_execution_time=now,
        resources={"earth_engine": resources(place.sandbox.url, place.folder)["earth_engine"]},
        repository_def=found.definitions.get_repository_def(),
    ) as context:
        asked = found.definitions.resolve_schedule_def("heights_submit_available").evaluate_tick(context).run_requests
    job = found.definitions.resolve_implicit_global_asset_job_def()
    for request in asked or []:
        key = found.chain.key("submission")
        assert job.execute_in_process(instance=place.instance, asset_selection=[key], tags=request.tags).success
    return [request.tags["dagster/asset_partition_range_start"] for request in asked or []]
