"""Exports that must wait: visibly, with the reason, let go by themselves, never red and never asked for too soon."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from eo_pipeline.core.exports.submissions import Held
from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.end_to_end.heights import submissions, write_catalog, write_month
from eo_pipeline_tests.end_to_end.later import later
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket
from eo_pipeline_tests.end_to_end.place import BARE, Place, export_events, wait_until_ended
from eo_pipeline_tests.processes import running_sandbox

MONTHS = ("2024-01", "2024-02", "2024-03")
ALL = tuple(f"whole|{month}" for month in MONTHS)
FIRST, LAST = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
ONE_SECOND, HOUR, MONTH = timedelta(seconds=1), timedelta(hours=1), timedelta(days=31)
TRIES = 4
"""Of the client, for one export."""
EECU_SECONDS = 36_000.0
"""That each export uses: ten hours."""


@pytest.fixture
def place(tmp_path: Path, instance: dg.DagsterInstance) -> Iterator[Place]:
    for seed, month in enumerate(MONTHS):
        write_month(tmp_path, month, seed=seed)
    costs = {"eecu_seconds_per_request": 0.0, "eecu_seconds_per_megapixel": EECU_SECONDS / (256 * 256 / 1e6)}
    with running_sandbox(tmp_path / "sandbox", settings=costs, catalog=write_catalog(tmp_path), speed=100) as sandbox:
        make_bucket(sandbox.url)
        yield Place(tmp_path, sandbox, instance)


def submit(found: Pipeline, *partitions: str, **config: Any) -> None:
    """One run over consecutive partitions, as a backfill or a person makes it."""
    key = found.chain.key("submission")
    result = found.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=found.instance,
        asset_selection=[key],
        tags={FIRST: partitions[0], LAST: partitions[-1]},
        run_config={"ops": {key.to_python_identifier(): {"config": config}}} if config else {},
        raise_on_error=False,
    )
    assert result.success


def states(found: Pipeline) -> list[str]:
    return [found.metadata("submission", partition)["eo/state"] for partition in ALL]


def held(found: Pipeline, partition: str) -> Held:
    return Held(**json.loads(found.metadata("submission", partition)["eo/held"]))


def ours(place: Place) -> list[str]:
    """Request ids of this project's tasks, in the order of their submission."""
    return list(dict.fromkeys(request for request in submissions(place.sandbox).values() if request))


def held_in_status(found: Pipeline) -> tuple[int, int, tuple[str, ...]]:
    """Submissions done and held back, and the reasons."""
    status = product_status(found.instance, found.chain)
    [stage] = [stage for stage in status.stages if stage.stage == "submission"]
    return stage.done, stage.held, status.held_sentences


def test_a_queue_that_others_fill_is_kept_below_its_limit_and_used_again_as_it_drains(place: Place) -> None:
    place.hold()
    place.others(2399, seconds=0)
    found = place.pipeline(**BARE)
    submit(found, *ALL)
    assert states(found) == ["submitted", "held", "held"]
    reason = "2399 tasks wait in the project's queue, 2399 of them not ours; up to 2400 of 3000 are used"
    assert [held(found, partition).reason for partition in ALL[1:]] == [reason] * 2
    assert held_in_status(found) == (1, 2, (f"Held back 2 (whole|2024-02, whole|2024-03): {reason}",))
    skipped = place.tick(found)
    assert skipped.run_requests == []
    assert f"1 exports under way, 0 reported, 0 postponed; 2 held back: {reason}" in skipped.skipped
    submit(found, ALL[2], priority=500)
    assert states(found) == ["submitted", "held", "submitted"], "an urgent one overtakes"
    assert len(ours(place)) == 2
    drain(place, below=2390)
    [request] = place.tick(found).run_requests
    assert request.tags[FIRST] == ALL[1]
    in_progress(place, found, request)
    assert place.tick(found).run_requests == [], "none is doubled while one is in progress"


def drain(place: Place, *, below: int) -> None:
    """Let the queue run until fewer tasks wait."""
    place.release()
    place.sandbox.control("clock", {"tick": 1})
    while sum(state == "PENDING" for state in last(place)) >= below:
        time.sleep(0.1)
    place.hold()


def last(place: Place) -> list[str]:
    return list({event["name"]: event["state"] for event in place.sandbox.events("operation")}.values())


def in_progress(place: Place, found: Pipeline, request: dg.RunRequest) -> None:
    """The run that the daemon made of a request and did not finish yet."""
    job = found.definitions.resolve_job_def(str(request.job_name))
    run = place.instance.create_run_for_job(job, tags=request.tags, status=dg.DagsterRunStatus.STARTED)
    assert not run.is_finished


def test_what_the_service_refuses_is_held_and_let_go_as_one_range(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.hold()
    place.sandbox.control("settings", {"pending_limit": 1})
    found = place.pipeline(**BARE)
    submit(found, *ALL)
    assert states(found) == ["submitted", "held", "held"]
    assert "Too many tasks already in the queue" in held(found, ALL[1]).reason
    assert 0 < len(refusals(place)) <= TRIES, "after the first refusal nobody asks again in this run"
    assert place.tick(found).run_requests == [], "nor before the pause is over"
    place.sandbox.control("settings", {"pending_limit": 3000})
    place.release()
    later(monkeypatch, HOUR)
    result = place.tick(found)
    [request] = result.run_requests
    assert (request.tags[FIRST], request.tags[LAST]) == (ALL[1], ALL[2])
    assert [run.success for run in place.carry_out(found, result)] == [True]
    assert states(found) == ["submitted"] * 3
    assert found.run(MONTHS).failed == {}
    assert len(ours(place)) == 3
    assert held_in_status(found) == (3, 0, ())
    assert not [run for run in place.instance.get_runs() if not run.is_success]


def refusals(place: Place) -> list[dict[str, Any]]:
    """Requests for an export that the service refused."""
    asked = [event for event in place.sandbox.events("request") if event["path"].endswith("image:export")]
    return [event for event in asked if event["status"] >= 400]


def test_a_storm_is_waited_for_longer_each_time(place: Place) -> None:
    place.sandbox.arm(kind="status", path="image:export", status=503, count=None)
    found = place.pipeline(**BARE)
    for times in (1, 2):
        before = datetime.now(UTC)
        submit(found, ALL[0])
        waits = held(found, ALL[0])
        assert waits.times == times
        pause = timedelta(seconds=30 * 2 ** (times - 1))
        assert before + pause - ONE_SECOND <= datetime.fromisoformat(waits.until) <= datetime.now(UTC) + pause
    assert "503" in waits.reason or "unavailable" in waits.reason.lower()
    assert place.tick(found).run_requests == []
    place.sandbox.control("faults", method="DELETE")
    submit(found, ALL[0])
    assert found.metadata("submission", ALL[0])["eo/state"] == "submitted", "a person need not wait"
    assert len(ours(place)) == 1


def test_a_compute_limit_at_the_request_is_waited_for_and_no_attempt(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even the questions before an export are refused: what was exported stays, what is new waits."""
    found = place.pipeline(**BARE)
    submit(found, ALL[0])
    wait_until_ended(place)
    assert len(place.tick(found).events) == 1
    place.sandbox.control("settings", {"daily_eecu_seconds": EECU_SECONDS / 2})
    submit(found, *ALL)
    assert states(found) == ["submitted", "held", "held"]
    assert "daily_eecu_usage_time" in held(found, ALL[1]).reason
    assert place.tick(found).run_requests == []
    place.hold()
    place.sandbox.control("clock", {"tick": 86_400})
    later(monkeypatch, HOUR)
    place.carry_out(found, place.tick(found))
    assert states(found) == ["submitted"] * 3
    assert all(request.endswith("-g1") for request in ours(place))


def test_what_was_held_and_is_refused_for_good_is_red_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.sandbox.arm(kind="status", path="image:export", status=503, count=TRIES)
    place.sandbox.arm(kind="status", path="image:export", status=400, message="Image.foo: nonsense.", count=None)
    found = place.pipeline(**BARE)
    submit(found, ALL[0])
    assert held_in_status(found)[:2] == (0, 1)
    later(monkeypatch, HOUR)
    [run] = place.carry_out(found, place.tick(found))
    assert not run.success
    again = place.tick(found)
    assert again.run_requests == [], "it would be released for ever"
    assert "nonsense" in str(export_events(found)[-1].description)
    assert held_in_status(found)[:2] == (0, 0)


def test_a_budget_holds_back_before_it_is_spent_and_goes_on_when_the_month_turns(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten hours an export: of a budget of 22, 5 % in reserve, two are sent; one is known before."""
    found = place.pipeline(**BARE, budget={"eecu_hours_a_month": 22})
    assert found.run(MONTHS[:1]).failed == {}
    submit(found, *ALL)
    assert states(found) == ["submitted", "submitted", "held"]
    wait_until_ended(place)
    reason = held(found, ALL[2]).reason
    assert reason.startswith("the product heights used 10.000 of 22 EECU-hours of ")
    assert reason.endswith("at 00:00 UTC, or when the budget is raised")
    skipped = place.tick(found)
    assert skipped.run_requests == []
    assert "1 held back: the product heights used" in skipped.skipped
    assert held_in_status(found)[1] == 1
    later(monkeypatch, MONTH)
    place.carry_out(found, place.tick(found))
    assert states(found) == ["submitted"] * 3


def test_a_tier_holds_back_and_a_run_without_daemon_tells_it_and_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """150 hours are the community's tier: a second export of 80 has no room."""
    monkeypatch.setenv("EO_COMPUTE_TIER", "community")
    place.sandbox.control("settings", {"eecu_seconds_per_megapixel": 80 * 3600 / (256 * 256 / 1e6)})
    found = place.pipeline(**BARE)
    told: list[str] = []

    def tell(said: str) -> None:
        assert found.metadata("submission", ALL[1])["eo/state"] == "held"
        told.append(said)
        later(monkeypatch, MONTH)

    assert found.run(MONTHS[:1]).failed == {}
    assert found.run(MONTHS[:2], tell=tell).failed == {}
    assert len(told) == 1
    assert told[0].startswith("held back 1 partition: the project used 80.000 of 150 EECU-hours of ")
    assert len(ours(place)) == 2
