"""Rows of compute from a real event log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from eo_pipeline.core.compute.usage import Metered, Unmetered, Usage, month_of, month_totals
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.orchestration.compute.usage import (
    brought_up_to_date,
    event_log_id,
    is_behind,
    months_to_meter,
    with_metered,
)
from eo_pipeline.orchestration.compute.usage_events import INTERACTIVE, OPERATIONS, operations_metadata
from eo_pipeline.orchestration.event_log.names import SERVICE
from eo_pipeline.storage.usage_table import UsageTable
from eo_pipeline_tests.orchestration.event_log import HERE, chain, materialise

CHAIN = chain()
PARTITION = "whole|2024-01"
EMPTY = UsageTable()
NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def operation(name: str, seconds: float, *, state: State = State.SUCCEEDED, ended: str = "") -> Operation:
    return Operation(f"projects/p/operations/{name}", state, eecu_seconds=seconds, ended=ended)


def exported(instance: dg.DagsterInstance, name: str, seconds: float, **more: Any) -> None:
    values = {"eo/reported": f"projects/p/operations/{name}", "EECU-seconds": seconds, **more}
    materialise(instance, CHAIN, "export", PARTITION, values)


def observed(instance: dg.DagsterInstance, name: str, description: str, **metadata: Any) -> None:
    values = {"eo/reported": f"projects/p/operations/{name}", **metadata}
    event = dg.AssetObservation(CHAIN.key("export"), partition=PARTITION, description=description, metadata=values)
    instance.report_runless_asset_event(event)


def read(instance: dg.DagsterInstance, before: UsageTable = EMPTY) -> UsageTable:
    return brought_up_to_date(before, instance, [CHAIN])


def short(row: Usage) -> tuple[str, str, float | None]:
    return row.operation.rpartition("/")[2], row.state, row.eecu_seconds


def test_exports_that_ended_are_rows(instance: dg.DagsterInstance) -> None:
    exported(instance, "A", 12.5)
    observed(instance, "B", "failed: User memory limit exceeded.", **{"EECU-seconds": 3.5})
    observed(instance, "C", "cancelled: by somebody")
    materialise(instance, CHAIN, "export", "whole|2024-02", {"eo/reported": "no_images:d"})
    found = read(instance)
    assert {short(row) for row in found.rows} == {
        ("A", "succeeded", 12.5),
        ("B", "failed", 3.5),
        ("C", "cancelled", None),
    }
    today = month_of(datetime.now(UTC))
    assert {(r.month, r.product, r.partition, r.route) for r in found.rows} == {(today, "small", PARTITION, "batch")}


def test_the_operations_of_a_split_export_are_rows_of_the_month_in_which_each_ended(
    instance: dg.DagsterInstance,
) -> None:
    parts = [
        operation("A1", 10.0, state=State.FAILED, ended="2026-10-31T23:59:59.5Z"),
        operation("A2", 20.0, ended="2026-11-01T00:00:00.25Z"),
    ]
    exported(instance, "A", 30.0, **{OPERATIONS: operations_metadata(parts), SERVICE: HERE})
    found = read(instance)
    assert [(row.month, *short(row), row.service) for row in found.rows] == [
        ("2026-10", "A1", "failed", 10.0, HERE),
        ("2026-11", "A2", "succeeded", 20.0, HERE),
    ]


def test_a_failed_part_that_was_reported_before_is_no_second_row(instance: dg.DagsterInstance) -> None:
    failed = operation("A", 5.0, state=State.FAILED, ended="2026-11-01T00:00:00Z")
    observed(instance, "A", "failed: x", **{OPERATIONS: operations_metadata([failed])})
    again = operation("B", 7.0, ended="2026-11-02T00:00:00Z")
    exported(instance, "B", 12.0, **{OPERATIONS: operations_metadata([failed, again])})
    assert [short(row) for row in read(instance).rows] == [("A", "failed", 5.0), ("B", "succeeded", 7.0)]


def run_with_requests(instance: dg.DagsterInstance, partitions: dict[str, int]) -> str:
    """A run that records each partition at once and all of them again as it ends."""

    @dg.asset(
        key=CHAIN.key("submission"),
        partitions_def=CHAIN.by_area_and_period,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def submission(context: dg.AssetExecutionContext) -> None:
        for key, number in partitions.items():
            for _ in range(2):
                context.log_event(
                    dg.AssetMaterialization(context.asset_key, partition=key, metadata={INTERACTIVE: number})
                )

    tags = {"dagster/asset_partition_range_start": PARTITION, "dagster/asset_partition_range_end": PARTITION}
    return dg.materialize([submission], instance=instance, tags=tags).run_id


def test_interactive_requests_are_counted_once_a_run_and_partition(instance: dg.DagsterInstance) -> None:
    first = run_with_requests(instance, {PARTITION: 3, "whole|2024-02": 1})
    second = run_with_requests(instance, {PARTITION: 2})
    rows = read(instance).rows
    assert {(r.partition, r.operation, r.requests) for r in rows} == {
        (PARTITION, f"run:{first}:submission", 3),
        ("whole|2024-02", f"run:{first}:submission", 1),
        (PARTITION, f"run:{second}:submission", 2),
    }
    [total] = month_totals(rows).values()
    assert (total.requests, total.interactive_eecu_seconds, total.exports) == (6, None, {})


def test_an_earlier_attempt_that_a_submission_replaced_is_a_row(instance: dg.DagsterInstance) -> None:
    """It failed, and the next attempt was sent before anybody reported that."""
    failed = operation("A", 5.0, state=State.FAILED, ended="2026-11-01T00:00:00Z")
    materialise(instance, CHAIN, "submission", PARTITION, {OPERATIONS: operations_metadata([failed]), SERVICE: HERE})
    observed(instance, "A", "failed: x", **{OPERATIONS: operations_metadata([failed]), SERVICE: HERE})
    [found] = read(instance).rows
    assert (found.partition, found.month, found.service, *short(found)) == (
        PARTITION, "2026-11", HERE, "A", "failed", 5.0,
    )  # fmt: skip


def test_only_what_is_new_is_read_and_nothing_twice(instance: dg.DagsterInstance) -> None:
    exported(instance, "A", 1.0)
    before = read(instance)
    assert not is_behind(before, instance, [CHAIN])
    assert read(instance, before) == before
    exported(instance, "B", 2.0)
    assert is_behind(before, instance, [CHAIN])
    after = read(instance, before)
    assert [short(row)[0] for row in after.rows] == ["A", "B"]
    assert not is_behind(after, instance, [CHAIN])


def test_far_behind_the_watermark_nothing_is_looked_at(instance: dg.DagsterInstance) -> None:
    exported(instance, "A", 1.0)
    name = f"{event_log_id(instance)} small/export made"
    assert read(instance, UsageTable((), {name: 10**6})).rows == ()


def test_rows_of_deleted_runs_stay(instance: dg.DagsterInstance) -> None:
    run = run_with_requests(instance, {PARTITION: 3})
    exported(instance, "A", 1.0)
    before = read(instance)
    instance.delete_run(run)
    assert read(instance).rows != before.rows
    assert read(instance, before).rows == before.rows


def test_rows_of_a_wiped_instance_stay_and_the_new_one_is_read(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    for number in range(3):
        exported(instance, f"A{number}", 1.0)
    before = read(instance)
    (tmp_path / "new").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "new")) as new:
        exported(new, "B", 2.0)
        assert is_behind(before, new, [CHAIN])
        after = read(new, before)
    assert [short(row)[0] for row in after.rows] == ["A0", "A1", "A2", "B"]


def test_metered_requests_are_one_row_a_product_and_month(instance: dg.DagsterInstance) -> None:
    exported(
        instance, "A", 1.0, **{OPERATIONS: operations_metadata([operation("A", 1.0, ended="2026-11-02T00:00:00Z")])}
    )
    table = read(instance)

    def metered(seconds: float) -> Metered:
        return Metered({("small", "online"): seconds, ("small", "batch"): 99.0, ("", "online"): 50.0})

    found = with_metered(table, ["small", "other"], "2026-11", metered(2.5), service=HERE, now=NOW)
    found = with_metered(found, ["small", "other"], "2026-11", metered(4.0), service=HERE, now=NOW)
    total = month_totals(found.rows)["2026-11", "small"]
    assert (total.batch_eecu_seconds, total.interactive_eecu_seconds, total.exports) == (1.0, 4.0, {"succeeded": 1})
    assert {row.product for row in found.rows} == {"small"}
    assert found.watermarks == table.watermarks
    assert with_metered(table, ["small"], "2026-11", Unmetered("no"), service=HERE, now=NOW) == table


def test_the_month_before_is_metered_once_more() -> None:
    assert months_to_meter(NOW) == ("2026-10", "2026-11")
    assert months_to_meter(datetime(2027, 1, 1, tzinfo=UTC)) == ("2026-12", "2027-01")
