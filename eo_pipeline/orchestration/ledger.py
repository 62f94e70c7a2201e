"""The event log as the ledger of submissions: what is written into metadata, and how it is read back.

What does not belong here: deciding (`core.reconcile`) and asking Earth Engine.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

import dagster as dg

from eo_pipeline.core.reconcile import Submission

DIGEST = "eo/digest"
OPERATION = "eo/operation"
STATE = "eo/state"
PREFIX = "eo/prefix"
BUCKET = "eo/bucket"
REPORTED = "eo/reported"
_GENERATION = "eo/generation"
_SERVICE = "eo/service"
INPUTS = "eo/inputs"
_PAGE = 1000
_LOOK_BACK = 5


@dataclass(frozen=True)
class Recorded:
    """A submission as found in the event log.

    Attributes:
        submission: its content.
        partition: Dagster's partition key.
        bucket: its tiles are in.
        prefix: of its tiles.
        storage_id: place in the event log.
    """

    submission: Submission
    partition: str
    bucket: str
    prefix: str
    storage_id: int

    @property
    def identity(self) -> str:
        """What the sensor reports once: the operation, or the digest where nothing was sent."""
        return self.submission.operation or f"{self.submission.state}:{self.submission.digest}"


def metadata_of(submission: Submission, *, bucket: str, prefix: str) -> dict[str, str | int]:
    """The submission as metadata of its materialisation."""
    return {
        OPERATION: submission.operation,
        STATE: submission.state,
        DIGEST: submission.digest,
        _GENERATION: submission.generation,
        _SERVICE: submission.service,
        INPUTS: submission.inputs,
        BUCKET: bucket,
        PREFIX: prefix,
    }


def _recorded(record: dg.EventLogRecord) -> Recorded | None:
    event = record.asset_materialization
    if event is None or event.partition is None or DIGEST not in event.metadata:
        return None
    value = {name: entry.value for name, entry in event.metadata.items()}
    submission = Submission(
        digest=str(value[DIGEST]),
        generation=_whole(value[_GENERATION]),
        operation=str(value[OPERATION]),
        state=str(value[STATE]),
        service=str(value[_SERVICE]),
        inputs=str(value[INPUTS]),
    )
    return Recorded(submission, event.partition, str(value[BUCKET]), str(value[PREFIX]), record.storage_id)


def _whole(value: Any) -> int:
    return int(value)


def last_submission(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str, *, service: str) -> Recorded | None:
    """The partition's newest submission on a service, or None."""
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
    for record in instance.fetch_materializations(wanted, limit=_LOOK_BACK).records:
        found = _recorded(record)
        if found is not None and found.submission.service == service:
            return found
    return None


def last_metadata(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str) -> Mapping[str, Any]:
    """Values of the newest materialisation's metadata; empty if there is none."""
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
    records = instance.fetch_materializations(wanted, limit=1).records
    event = records[0].asset_materialization if records else None
    return {} if event is None else {name: entry.value for name, entry in event.metadata.items()}


def submissions_after(instance: dg.DagsterInstance, key: dg.AssetKey, storage_id: int) -> Iterator[Recorded]:
    """Submissions recorded after a place in the event log, oldest first."""
    wanted = dg.AssetRecordsFilter(asset_key=key, after_storage_id=storage_id)
    for record in _pages(instance.fetch_materializations, wanted):
        found = _recorded(record)
        if found is not None:
            yield found


def reports(instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Iterable[str]) -> dict[str, list[str]]:
    """Identities that `export` was reported for, as done or as failed: by partition, oldest first."""
    found: list[tuple[int, str, str]] = []
    for batch in batched(partitions, _PAGE):
        wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=list(batch))
        for fetch in (instance.fetch_materializations, instance.fetch_observations):
            found += [report for record in _pages(fetch, wanted) if (report := _report(record)) is not None]
    made: dict[str, list[str]] = {}
    for _, partition, identity in sorted(found):
        made.setdefault(partition, []).append(identity)
    return made


def _report(record: dg.EventLogRecord) -> tuple[int, str, str] | None:
    event = record.asset_materialization or record.event_log_entry.asset_observation
    if event is None or event.partition is None or REPORTED not in event.metadata:
        return None
    return record.storage_id, event.partition, str(event.metadata[REPORTED].value)


def _pages(fetch: Callable[..., Any], wanted: dg.AssetRecordsFilter) -> Iterator[dg.EventLogRecord]:
    cursor = None
    while True:
        page = fetch(wanted, limit=_PAGE, cursor=cursor, ascending=True)
        yield from page.records
        if not page.has_more:
            return
        cursor = page.cursor
