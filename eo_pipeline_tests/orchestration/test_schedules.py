"""Which periods a daily schedule submits, and as which runs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Periods
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.resources import EarthEngineResource
from eo_pipeline.orchestration.schedules import area_ranges, build_schedule, due
from eo_pipeline_tests.products import product

DAY = timedelta(days=1)
MARCH = datetime(2024, 3, 1, tzinfo=UTC)


def periods(**changes: str) -> Periods:
    return Periods(every="month", start="2023-10", **changes)


def due_keys(declared: Periods, now: datetime, *, last: datetime | None) -> list[str]:
    return [period.key for period in due(declared, declared.until(now), now=now, last=last)]


def test_a_period_is_due_once_after_the_wait() -> None:
    declared = periods(available_after="10d")
    days = [MARCH + n * DAY for n in range(30)]
    found = {day.day: due_keys(declared, day, last=day - DAY) for day in days}
    assert {day: keys for day, keys in found.items() if keys} == {11: ["2024-02"]}


def test_a_look_that_comes_late_finds_all_that_became_available_since() -> None:
    assert due_keys(periods(), MARCH, last=MARCH - 40 * DAY) == ["2024-01", "2024-02"]


def test_history_is_left_to_backfills() -> None:
    assert due_keys(periods(), MARCH, last=None) == []


def test_late_images_are_looked_for_from_availability_until_the_recheck_ends() -> None:
    declared = periods(available_after="10d", recheck_for="20d")
    found = [due_keys(declared, MARCH + n * DAY, last=MARCH + (n - 1) * DAY) for n in range(25)]
    assert found == [[]] * 10 + [["2024-02"]] * 10 + [[]] * 5


def test_a_first_look_rechecks_too() -> None:
    assert due_keys(periods(recheck_for="40d"), MARCH, last=None) == ["2024-01", "2024-02"]


def test_looking_twice_gives_the_same_and_keeps_the_order() -> None:
    declared = periods(recheck_for="365d")
    ended = list(declared.until(MARCH))
    before = list(ended)
    assert due(declared, ended, now=MARCH, last=None) == due(declared, ended, now=MARCH, last=None) == before
    assert ended == before


def test_nothing_has_ended_nothing_is_due() -> None:
    empty: list[Period] = []
    assert due(periods(recheck_for="9w"), empty, now=MARCH, last=MARCH - DAY) == []


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(1, 100, [("0", "0")]), (100, 100, [("0", "99")]), (101, 100, [("0", "99"), ("100", "100")])],
)
def test_areas_are_cut_into_runs(count: int, size: int, expected: list[tuple[str, str]]) -> None:
    assert area_ranges([str(n) for n in range(count)], size) == expected


def chain() -> Chain:
    made = product(
        period={"every": "month", "start": "2024-01", "available_after": "10d"},
        area={"box": [0, 0, 100, 100], "crs": "EPSG:32633", "resolution": 10},
    )
    return load_chain(made, Origin(None, None, (Path.cwd(),), "small"))


def tick(instance: dg.DagsterInstance, at: datetime) -> dg.SkipReason | list[dg.RunRequest]:
    resources = {"earth_engine": EarthEngineResource(url="http://x")}
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=at, resources=resources) as context:
        found = build_schedule(chain())(context)
    assert isinstance(found, dg.SkipReason | list)
    return found


def test_the_schedule_asks_for_a_run_over_the_areas_of_what_became_available(instance: dg.DagsterInstance) -> None:
    found = tick(instance, datetime(2024, 3, 11, 4, 30, tzinfo=UTC))
    assert isinstance(found, list)
    [request] = found
    assert request.tags["dagster/asset_partition_range_start"] == "whole|2024-02"
    assert request.tags["dagster/asset_partition_range_end"] == "whole|2024-02"
    assert request.run_key == "small:2024-02:0:2024-03-11"


def test_after_an_outage_the_schedule_goes_on_where_it_stopped(instance: dg.DagsterInstance) -> None:
    for key in ("whole|2024-01", "whole|2024-02"):
        instance.report_runless_asset_event(dg.AssetMaterialization(["small", "submission"], partition=key))
    found = tick(instance, datetime(2024, 6, 20, 4, 30, tzinfo=UTC))
    assert isinstance(found, list)
    assert [request.tags["dagster/asset_partition_range_start"] for request in found] == [
        "whole|2024-03",
        "whole|2024-04",
        "whole|2024-05",
    ]


def test_a_period_that_was_submitted_too_early_is_submitted_when_it_is_available(instance: dg.DagsterInstance) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(["small", "submission"], partition="whole|2024-02"))
    found = tick(instance, datetime(2024, 3, 11, 4, 30, tzinfo=UTC))
    assert isinstance(found, list)
    assert [request.tags["dagster/asset_partition_range_start"] for request in found] == ["whole|2024-02"]


def test_the_schedule_says_that_there_is_nothing_to_do(instance: dg.DagsterInstance) -> None:
    found = tick(instance, datetime(2024, 3, 20, 4, 30, tzinfo=UTC))
    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == "No period became available, and none is rechecked."


def test_the_schedule_spends_nothing_until_somebody_turns_it_on() -> None:
    assert build_schedule(chain()).default_status is dg.DefaultScheduleStatus.STOPPED
