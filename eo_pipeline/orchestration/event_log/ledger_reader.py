"""The ledger for a process that reads it again and again: each record is parsed once.

What does not belong here: what a submission's record holds (`ledger`), and which were read before (`event_reader`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import dagster as dg
from dagster import DagsterEventType

from eo_pipeline.orchestration.event_log.event_reader import EventReader
from eo_pipeline.orchestration.event_log.ledger import Recorded, recorded
from eo_pipeline.orchestration.event_log.names import LOST, REPORTED


@dataclass(frozen=True)
class Report:
    """A materialisation or observation of `export` that is about a submission.

    Attributes:
        partition: Dagster's partition key, None if it has none.
        storage_id: place in the event log.
        identity: of the submission that it reports, empty if none.
        lost: of the submission whose tiles were deleted, empty if none.
    """

    partition: str | None
    storage_id: int
    identity: str
    lost: str


@dataclass
class Reported:
    """What `export` tells after a place in the event log.

    Attributes:
        places: where each identity was last reported, as done or as failed.
        lost: by partition, the identity whose tiles were deleted and where that was noticed.
    """

    places: dict[str, int] = field(default_factory=dict)
    lost: dict[str, tuple[str, int]] = field(default_factory=dict)


def _report(record: dg.EventLogRecord) -> Report | None:
    event = record.asset_materialization or record.event_log_entry.asset_observation
    if event is None or not event.metadata.keys() & {REPORTED, LOST}:
        return None
    identity, lost = (str(event.metadata[name].value) if name in event.metadata else "" for name in (REPORTED, LOST))
    return Report(event.partition, record.storage_id, identity, lost)


class LedgerReader:
    """Reads an instance's ledger, and keeps what it read; a new one reads everything and tells the same."""

    def __init__(self) -> None:
        made, seen = DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION
        self._submissions = EventReader(made, recorded)
        self._reports = (EventReader(made, _report), EventReader(seen, _report))
        self._newest = EventReader(made, _report)

    def submissions_after(self, instance: dg.DagsterInstance, key: dg.AssetKey, storage_id: int) -> list[Recorded]:
        """Submissions recorded after a place in the event log, oldest first."""
        return self._submissions.after(instance, key, storage_id)

    def reported_after(self, instance: dg.DagsterInstance, key: dg.AssetKey, storage_id: int) -> Reported:
        """Reports and losses after a place in the event log."""
        found = Reported()
        for reader in self._reports:
            for report in reader.after(instance, key, storage_id):
                if report.identity:
                    found.places[report.identity] = max(found.places.get(report.identity, 0), report.storage_id)
                if report.lost and report.partition is not None:
                    found.lost[report.partition] = (report.lost, report.storage_id)
        return found

    def exported(
        self, instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Collection[str]
    ) -> Mapping[str, str]:
        """The identity that the newest materialisation of `export` reports, by partition."""
        newest = self._newest.newest(instance, key, partitions)
        return {report.partition: report.identity for report in newest if report.partition and report.identity}
