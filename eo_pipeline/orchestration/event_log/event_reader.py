"""Events of assets, each parsed once in a process that reads the log again and again, as a sensor does.

Reading a record costs a quarter of a millisecond, listing which records there are a thousandth of that. So each read
lists them, by what no other record ever has, and parses those it does not know: records that were committed late, wiped
or deleted with their run, and ids that SQLite gave a second time, come out as if everything were read anew.
What does not belong here: what the events mean (`ledger`).
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched

import dagster as dg
import sqlalchemy as db
from dagster import DagsterEventType
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable

from eo_pipeline.errors import SettingsError

_IDS_A_QUERY = 500


@dataclass(frozen=True)
class Entry:
    """A record of the event log without its content; no two records are equal, whatever is deleted between them.

    Attributes:
        storage_id: place in the event log; SQLite gives the highest ones again after they were deleted.
        run_id: of the run that recorded it, empty if none did.
        timestamp: of the event, UTC without a zone, to the microsecond.
        partition: Dagster's partition key, None if the event has none.
    """

    storage_id: int
    run_id: str
    timestamp: datetime
    partition: str | None


def entries(instance: dg.DagsterInstance, key: dg.AssetKey, kind: DagsterEventType, *, after: int = 0) -> list[Entry]:
    """Which events of one kind an asset has after a place in the event log, oldest first."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise SettingsError(
            f"expected Dagster's event log in a database, got {type(storage).__name__}; "
            "set storage to SQLite or Postgres"
        )
    table = SqlEventLogStorageTable.c
    wanted = (table.asset_key == key.to_string()) & (table.dagster_event_type == kind.value) & (table.id > after)
    query = db.select(table.id, table.run_id, table.timestamp, table.partition).where(wanted).order_by(table.id)
    with storage.index_connection() as connection:
        return [Entry(*row) for row in connection.execute(query)]


@dataclass
class EventReader[T]:
    """Reads events of one kind and keeps what it made of them, until they are no longer asked for.

    Attributes:
        kind: materialisations or observations.
        parse: what to keep of a record; None of one that does not matter.
    """

    kind: DagsterEventType
    parse: Callable[[dg.EventLogRecord], T | None]
    _known: dict[dg.AssetKey, dict[Entry, T | None]] = field(default_factory=dict)

    def after(self, instance: dg.DagsterInstance, key: dg.AssetKey, storage_id: int) -> list[T]:
        """All that matter after a place in the event log, oldest first."""
        return self._read(instance, key, entries(instance, key, self.kind, after=storage_id))

    def newest(self, instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Collection[str]) -> list[T]:
        """The newest of each partition that has one, if it matters."""
        if not partitions:
            return []
        newest = {entry.partition: entry for entry in entries(instance, key, self.kind)}
        return self._read(instance, key, [newest[p] for p in partitions if p in newest])

    def _read(self, instance: dg.DagsterInstance, key: dg.AssetKey, wanted: Sequence[Entry]) -> list[T]:
        before = self._known.get(key, {})
        parsed = self._parsed(instance, key, [entry for entry in wanted if entry not in before])
        known = {entry: before[entry] if entry in before else parsed.get(entry.storage_id) for entry in wanted}
        self._known[key] = known
        return [value for value in known.values() if value is not None]

    def _parsed(self, instance: dg.DagsterInstance, key: dg.AssetKey, unknown: Iterable[Entry]) -> dict[int, T | None]:
        """By place; what was deleted meanwhile is left out."""
        materialised = self.kind is DagsterEventType.ASSET_MATERIALIZATION
        fetch = instance.fetch_materializations if materialised else instance.fetch_observations
        parsed: dict[int, T | None] = {}
        for ids in batched((entry.storage_id for entry in unknown), _IDS_A_QUERY):
            records = fetch(dg.AssetRecordsFilter(asset_key=key, storage_ids=list(ids)), limit=_IDS_A_QUERY).records
            parsed |= {record.storage_id: self.parse(record) for record in records}
        return parsed
