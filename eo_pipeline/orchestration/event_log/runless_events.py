"""Many events of assets stored at once, outside of any run: a commit of the database for all, in place of two for each.

A commit to SQLite waits for the disk: 400 events one by one took 88 seconds on a busy one. Dagster stores batches on
Postgres only. What does not belong here: which events (`reports`).
"""

from collections.abc import Sequence

import dagster as dg
from dagster import DagsterEventType
from dagster._core.events import AssetObservationData, DagsterEvent, StepMaterializationData
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._time import get_current_timestamp

AssetEvent = dg.AssetMaterialization | dg.AssetObservation


def store_events(instance: dg.DagsterInstance, events: Sequence[AssetEvent]) -> None:
    """Store what `DagsterInstance.report_runless_asset_event` would store one by one.

    If the process dies on the way, the events of some assets are stored and those of others are not.
    """
    storage = instance.event_log_storage
    for entries in _by_asset_and_kind(events):
        if isinstance(storage, SqliteEventLogStorage):
            _store_in_sqlite(storage, entries)
        else:
            storage.store_event_batch(entries)


def _by_asset_and_kind(events: Sequence[AssetEvent]) -> list[list[dg.EventLogEntry]]:
    """Events that Dagster's storages take as one batch: the newest of them becomes the asset's newest."""
    groups: dict[tuple[dg.AssetKey, type[AssetEvent]], list[dg.EventLogEntry]] = {}
    for event in events:
        groups.setdefault((event.asset_key, type(event)), []).append(_entry(event))
    return list(groups.values())


def _entry(event: AssetEvent) -> dg.EventLogEntry:
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]  # Dagster's class is not annotated
        user_message="",
        level="INFO",
        job_name=RUNLESS_JOB_NAME,
        run_id=RUNLESS_RUN_ID,
        error_info=None,
        timestamp=get_current_timestamp(),
        dagster_event=_dagster_event(event),
    )


def _dagster_event(event: AssetEvent) -> DagsterEvent:
    if isinstance(event, dg.AssetMaterialization):
        kind, content = DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event)
        return DagsterEvent(kind.value, job_name=RUNLESS_JOB_NAME, event_specific_data=content)
    seen = DagsterEventType.ASSET_OBSERVATION
    return DagsterEvent(seen.value, job_name=RUNLESS_JOB_NAME, event_specific_data=AssetObservationData(event))


def _store_in_sqlite(storage: SqliteEventLogStorage, entries: Sequence[dg.EventLogEntry]) -> None:
    """As its `store_event`: in the file of what belongs to no run, then in the file that is asked about assets."""
    with storage.run_connection(RUNLESS_RUN_ID) as connection:
        for entry in entries:
            connection.execute(storage.prepare_insert_event(entry))
    with storage.index_transaction() as connection:
        ids: list[int] = [connection.execute(storage.prepare_insert_event(entry)).lastrowid for entry in entries]
        storage._store_asset_event_tags(connection, entries, ids)
        storage._store_asset_event(connection, entries[-1], ids[-1])
