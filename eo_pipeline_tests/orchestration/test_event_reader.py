"""Reading the event log again and again gives what reading it anew gives, whatever happens to it in between."""

import dagster as dg
import pytest
import sqlalchemy as db
from dagster import DagsterEventType
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable

from eo_pipeline.errors import SettingsError
from eo_pipeline.orchestration.event_log import event_reader
from eo_pipeline.orchestration.event_log.event_reader import EventReader, entries

KEY, OTHER = dg.AssetKey(["small", "export"]), dg.AssetKey(["small", "tiles"])
MATERIALISED, OBSERVED = DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION


class Parsing:
    """Notes the number of every record that it is given; those without one do not matter."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __call__(self, record: dg.EventLogRecord) -> tuple[str | None, int] | None:
        event = record.asset_materialization or record.event_log_entry.asset_observation
        assert event is not None
        if "number" not in event.metadata:
            return None
        number = event.metadata["number"].value
        assert isinstance(number, int)
        self.asked.append(number)
        return event.partition, number


def reader() -> tuple[EventReader[tuple[str | None, int]], Parsing]:
    parsing = Parsing()
    return EventReader(MATERIALISED, parsing), parsing


def make(instance: dg.DagsterInstance, partition: str, number: int, *, key: dg.AssetKey = KEY) -> None:
    event = dg.AssetMaterialization(key, partition=partition, metadata={"number": number})
    instance.report_runless_asset_event(event)


def make_in_a_run(instance: dg.DagsterInstance, number: int) -> str:
    """Partition a, by a run that can be deleted; gives the run's id."""

    @dg.asset(key=KEY, partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
    def made() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"number": number})

    return dg.materialize([made], instance=instance, partition_key="a").run_id


def test_each_record_is_parsed_once_and_order_is_that_of_the_log(instance: dg.DagsterInstance) -> None:
    read, parsing = reader()
    make(instance, "a", 1)
    make(instance, "b", 2)
    make(instance, "a", 9, key=OTHER)
    instance.report_runless_asset_event(dg.AssetObservation(KEY, partition="a", metadata={"number": 8}))
    instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="c"))
    assert read.after(instance, KEY, 0) == [("a", 1), ("b", 2)]
    make(instance, "a", 3)
    assert read.after(instance, KEY, 0) == [("a", 1), ("b", 2), ("a", 3)]
    assert sorted(parsing.asked) == [1, 2, 3]
    assert EventReader(OBSERVED, parsing).after(instance, KEY, 0) == [("a", 8)]


def test_what_lies_before_the_place_is_let_go(instance: dg.DagsterInstance) -> None:
    read, parsing = reader()
    for number in range(3):
        make(instance, "a", number)
    [_, second, _] = [entry.storage_id for entry in entries(instance, KEY, MATERIALISED)]
    read.after(instance, KEY, 0)
    assert read.after(instance, KEY, second) == [("a", 2)]
    assert read.after(instance, KEY, 0) == [("a", 0), ("a", 1), ("a", 2)]
    assert sorted(parsing.asked) == [0, 0, 1, 1, 2]


def test_two_readers_do_not_disturb_each_other(instance: dg.DagsterInstance) -> None:
    (one, _), (two, _) = reader(), reader()
    make(instance, "a", 1)
    assert one.after(instance, KEY, 0) == [("a", 1)]
    make(instance, "b", 2)
    assert two.after(instance, KEY, 0) == one.after(instance, KEY, 0) == [("a", 1), ("b", 2)]


def test_records_of_a_deleted_run_are_gone_even_if_their_ids_are_given_again(instance: dg.DagsterInstance) -> None:
    read, _ = reader()
    run_id = make_in_a_run(instance, 1)
    assert read.after(instance, KEY, 0) == [("a", 1)]
    before = entries(instance, KEY, MATERIALISED)
    instance.delete_run(run_id)
    assert read.after(instance, KEY, 0) == []
    make_in_a_run(instance, 2)
    after = entries(instance, KEY, MATERIALISED)
    assert [entry.storage_id for entry in after] == [entry.storage_id for entry in before]
    assert read.after(instance, KEY, 0) == [("a", 2)]


def test_an_id_that_is_given_again_between_two_reads_is_read_anew(instance: dg.DagsterInstance) -> None:
    read, _ = reader()
    run_id = make_in_a_run(instance, 1)
    assert read.newest(instance, KEY, ["a"]) == [("a", 1)]
    instance.delete_run(run_id)
    make_in_a_run(instance, 2)
    assert read.newest(instance, KEY, ["a"]) == [("a", 2)]


def test_a_wiped_asset_has_no_records(instance: dg.DagsterInstance) -> None:
    read, _ = reader()
    make(instance, "a", 1)
    assert read.after(instance, KEY, 0) == [("a", 1)]
    instance.wipe_assets([KEY])
    assert read.after(instance, KEY, 0) == []
    make(instance, "b", 2)
    assert read.after(instance, KEY, 0) == [("b", 2)]


def test_a_record_that_is_committed_late_takes_its_place(instance: dg.DagsterInstance) -> None:
    """As on Postgres: a lower id appears after a higher one was read."""
    read, _ = reader()
    for number in range(3):
        make(instance, f"p{number}", number)
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    table = SqlEventLogStorageTable
    with storage.index_connection() as connection:
        held_back = connection.execute(db.select(table).where(table.c.partition == "p1")).mappings().one()
        connection.execute(table.delete().where(table.c.partition == "p1"))
    assert read.after(instance, KEY, 0) == [("p0", 0), ("p2", 2)]
    with storage.index_connection() as connection:
        connection.execute(table.insert().values(**held_back))
    assert read.after(instance, KEY, 0) == [("p0", 0), ("p1", 1), ("p2", 2)]


def test_another_instance_is_not_taken_for_the_first(instance: dg.DagsterInstance) -> None:
    read, _ = reader()
    make(instance, "a", 1)
    assert read.after(instance, KEY, 0) == [("a", 1)]
    with dg.DagsterInstance.ephemeral() as other:
        make(other, "a", 2)
        assert read.after(other, KEY, 0) == [("a", 2)]


def test_the_newest_of_each_partition(instance: dg.DagsterInstance) -> None:
    read, parsing = reader()
    assert read.newest(instance, KEY, []) == []
    for partition, number in (("a", 1), ("b", 2), ("a", 3)):
        make(instance, partition, number)
    assert sorted(read.newest(instance, KEY, ["b", "a", "never"])) == [("a", 3), ("b", 2)]
    instance.report_runless_asset_event(dg.AssetMaterialization(KEY, partition="a"))
    assert read.newest(instance, KEY, ["a", "b"]) == [("b", 2)]
    assert sorted(parsing.asked) == [2, 3]


def test_more_records_than_a_query_asks_for_are_read(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reader, "_IDS_A_QUERY", 2)
    read, parsing = reader()
    for number in range(5):
        make(instance, f"p{number}", number)
    assert [number for _, number in read.after(instance, KEY, 0)] == list(range(5))
    assert len(parsing.asked) == 5


def test_an_event_log_that_is_no_database_is_refused() -> None:
    class Instance:
        event_log_storage = object()

    with pytest.raises(SettingsError, match="expected Dagster's event log in a database, got object; set storage to"):
        entries(Instance(), KEY, MATERIALISED)  # type: ignore[arg-type]  # only its storage is looked at
