"""The ledger for a process that reads it again and again: what `ledger` tells, each record parsed once.

What does not belong here: what a record means (`ledger`), and which were read before (`event_reader`).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import dagster as dg
from dagster import DagsterEventType

from eo_pipeline.orchestration.event_reader import EventReader
from eo_pipeline.orchestration.ledger import REPORTED, Recorded, _recorded


@dataclass(frozen=True)
class Reported:
    """A report on `export`.

    Attributes:
        identity: of the submission that it is about.
        partition: Dagster's partition key.
        storage_id: place in the event log.
    """

    identity: str
    partition: str
    storage_id: int


def reported(record: dg.EventLogRecord) -> Reported | None:
    """What a materialisation or observation of `export` reports; None if it is about no submission."""
    event = record.asset_materialization or record.event_log_entry.asset_observation
    if event is None or event.partition is None or REPORTED not in event.metadata:
        return None
    return Reported(str(event.metadata[REPORTED].value), event.partition, record.storage_id)


def _of_submissions() -> EventReader[Recorded]:
    return EventReader(DagsterEventType.ASSET_MATERIALIZATION, _recorded)


def _of_reports() -> EventReader[Reported]:
    return EventReader(DagsterEventType.ASSET_MATERIALIZATION, reported)


def _of_failures() -> EventReader[Reported]:
    return EventReader(DagsterEventType.ASSET_OBSERVATION, reported)


@dataclass(frozen=True)
class LedgerReader:
    """Reads an instance's ledger; keeps what it read.

    A new one reads everything, which a tick of the sensor can do as well: nothing depends on what is kept.
    """

    _submissions: EventReader[Recorded] = field(default_factory=_of_submissions)
    _reports: EventReader[Reported] = field(default_factory=_of_reports)
    _failures: EventReader[Reported] = field(default_factory=_of_failures)
    _exports: EventReader[Reported] = field(default_factory=_of_reports)

    def submissions_after(self, instance: dg.DagsterInstance, key: dg.AssetKey, storage_id: int) -> Iterator[Recorded]:
        """Submissions recorded after a place in the event log, oldest first."""
        yield from self._submissions.after(instance, key, storage_id)

    def reported_after(self, instance: dg.DagsterInstance, key: dg.AssetKey, storage_id: int) -> Mapping[str, int]:
        """Where each identity was last reported after a place in the event log, as done or as failed."""
        places: dict[str, int] = {}
        for reader in (self._reports, self._failures):
            for found in reader.after(instance, key, storage_id):
                places[found.identity] = max(places.get(found.identity, 0), found.storage_id)
        return places

    def exported(
        self, instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Collection[str]
    ) -> Mapping[str, str]:
        """The identity that the newest materialisation of `export` reports, by partition."""
        return {found.partition: found.identity for found in self._exports.newest(instance, key, partitions)}
