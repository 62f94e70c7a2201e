"""Events stored at once are those that Dagster stores one by one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
import sqlalchemy as db
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetEventTagsTable, AssetKeyTable

from eo_pipeline.orchestration.event_log.runless_events import AssetEvent, store_events

ONE, TWO = dg.AssetKey(["one", "export"]), dg.AssetKey(["two", "export"])
PARTITIONS = dg.StaticPartitionsDefinition(["a", "b", "c"])


def events() -> list[AssetEvent]:
    tags = {"dagster/data_version": "d" * 40}
    return [
        dg.AssetMaterialization(ONE, partition="a", description="first", metadata={"EECU-seconds": 1.5}, tags=tags),
        dg.AssetObservation(ONE, partition="b", description="failed", metadata={"error": "too large"}),
        dg.AssetMaterialization(TWO, partition="a", metadata={"task": dg.MetadataValue.url("https://x")}, tags=tags),
        dg.AssetMaterialization(ONE, partition="c", metadata={"EECU-seconds": 2.5}, tags=tags),
        dg.AssetObservation(ONE, partition="a", tags={"dagster/data_version": "other"}),
    ]


def stored(instance: dg.DagsterInstance) -> dict[str, Any]:
    """Everything that can be asked about two assets, without times and places."""
    found: dict[str, Any] = {"runless": len(instance.all_logs(""))}
    for key in (ONE, TWO):
        for fetch in (instance.fetch_materializations, instance.fetch_observations):
            records = fetch(key, limit=10, ascending=True).records
            found[f"{key} {fetch.__name__}"] = [
                (r.run_id, r.event_log_entry.user_message, r.event_log_entry.level, r.event_log_entry.dagster_event)
                for r in records
            ]
        found[f"{key} partitions"] = instance.get_materialized_partitions(key)
        found[f"{key} status"] = instance.get_status_by_partition(key, ["a", "b", "c"], PARTITIONS)
        [record] = instance.get_asset_records([key])
        newest = record.asset_entry.last_materialization
        assert newest is not None
        found[f"{key} newest"] = (newest.asset_materialization, record.asset_entry.last_run_id)
    return found | {"tags": tags(instance), "times": times_are_set(instance)}


def tags(instance: dg.DagsterInstance) -> Sequence[Any]:
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    table = AssetEventTagsTable.c
    with storage.index_connection() as connection:
        rows = connection.execute(db.select(table.asset_key, table.key, table.value)).fetchall()
    return sorted(tuple(row) for row in rows)


def times_are_set(instance: dg.DagsterInstance) -> Sequence[Any]:
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    table = AssetKeyTable.c
    with storage.index_connection() as connection:
        rows = connection.execute(db.select(table.asset_key, table.last_materialization_timestamp)).fetchall()
    return sorted((key, bool(time)) for key, time in rows)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "other").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "other")) as found:
        yield found


def test_nothing_differs_from_events_stored_one_by_one(instance: dg.DagsterInstance, other: dg.DagsterInstance) -> None:
    store_events(instance, events())
    for event in events():
        other.report_runless_asset_event(event)
    assert stored(instance) == stored(other)
    assert instance.get_materialized_partitions(ONE) == {"a", "c"}
    store_events(instance, [])
    store_events(instance, events()[:1])
    other.report_runless_asset_event(events()[0])
    assert stored(instance) == stored(other)


def test_an_event_log_in_memory_takes_them_too(instance: dg.DagsterInstance) -> None:
    with dg.DagsterInstance.ephemeral() as memory:
        store_events(memory, events())
        assert memory.get_materialized_partitions(ONE) == {"a", "c"}
        assert memory.get_materialized_partitions(TWO) == {"a"}


def test_hundreds_are_stored_in_no_more_commits_than_one(instance: dg.DagsterInstance) -> None:
    many = [dg.AssetMaterialization(ONE, partition=f"p{number}") for number in range(400)]
    with counted_commits() as of_one:
        store_events(instance, many[:1])
    with counted_commits() as of_all:
        store_events(instance, many)
    with counted_commits() as one_by_one:
        for event in many[:10]:
            instance.report_runless_asset_event(event)
    assert 0 < len(of_all) <= len(of_one) < len(one_by_one)
    assert len(instance.get_materialized_partitions(ONE)) == 400


@contextmanager
def counted_commits() -> Iterator[list[object]]:
    """Every commit to any database in the block."""
    found: list[object] = []

    def note(connection: sqlalchemy.Connection) -> None:
        found.append(connection)

    sqlalchemy.event.listen(sqlalchemy.Engine, "commit", note)
    try:
        yield found
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "commit", note)
