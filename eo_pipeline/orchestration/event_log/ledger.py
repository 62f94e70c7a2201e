"""The event log as the ledger of submissions: what is written into metadata, and how it is read back.

What does not belong here: deciding (`core.exports.reconcile`) and asking Earth Engine.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from eo_pipeline.core.exports.submissions import Submission, SubmissionState
from eo_pipeline.orchestration.event_log.names import DIGEST
from eo_pipeline.orchestration.event_log.stored_submissions import read_submission

_LOOK_BACK = 10
_PARTITIONS_A_QUERY = 100
_IDS_A_QUERY = 500


def held_identity(partition: str) -> str:
    """What is reported of a submission that was held back."""
    return f"held:{partition}"


@dataclass(frozen=True)
class Recorded:
    """A submission as found in the event log.

    Attributes:
        submission: its content.
        partition: Dagster's partition key.
        place: address that the service writes to.
        storage_id: place in the event log.
        run_id: of the run that recorded it, empty if none did.
    """

    submission: Submission
    partition: str
    place: str
    storage_id: int
    run_id: str

    @property
    def identity(self) -> str:
        """What the sensor reports once; a submission that is held back may have nothing else of its own."""
        held = self.submission.state is SubmissionState.HELD
        return held_identity(self.partition) if held else self.submission.identity

    def supersedes(self, earlier: "Recorded") -> bool:
        """True if this later record makes an earlier one of its partition void.

        A run that listed the operations long ago may attach to an attempt after the next one was sent: then what is
        further counts.
        """
        same = self.submission.digest == earlier.submission.digest
        return not same or self.submission.advance >= earlier.submission.advance


@dataclass(frozen=True)
class Stamp:
    """The newest materialisation of a partition.

    Attributes:
        storage_id: place in the event log, 0 if there is none.
        values: of its metadata, empty if there is none.
        recorded: when, seconds since 1970; 0 if there is none.
    """

    storage_id: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    recorded: float = 0.0


def recorded(record: dg.EventLogRecord) -> Recorded | None:
    """The submission of a materialisation, None if it holds none."""
    event = record.asset_materialization
    if event is None or event.partition is None or DIGEST not in event.metadata:
        return None
    submission, place = read_submission({name: entry.value for name, entry in event.metadata.items()})
    return Recorded(submission, event.partition, place, record.storage_id, record.run_id)


def has_submitted(instance: dg.DagsterInstance, key: dg.AssetKey, service: str) -> bool:
    """True if one of the newest submissions of a product was on a service."""
    newest = instance.fetch_materializations(dg.AssetRecordsFilter(asset_key=key), limit=_LOOK_BACK).records
    found = [recorded(record) for record in newest]
    return any(one.submission.service == service for one in found if one is not None)


def last_submissions(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Collection[str], *, service: str
) -> dict[str, Recorded]:
    """The newest submission of each partition that has one on a service."""
    found: dict[str, Recorded] = {}
    for some in batched(partitions, _PARTITIONS_A_QUERY):
        found |= _newest_submissions(instance, key, some, service)
        rare = [partition for partition in some if partition not in found] if len(some) > 1 else []
        for partition in rare:
            found |= _newest_submissions(instance, key, [partition], service)
    return found


def _newest_submissions(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Sequence[str], service: str
) -> dict[str, Recorded]:
    """Of partitions that were not submitted much less often than the others."""
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=list(partitions))
    newest_first = instance.fetch_materializations(wanted, limit=_LOOK_BACK * len(partitions)).records
    found = [recorded(record) for record in reversed(newest_first)]
    return current_submissions([r for r in found if r is not None and r.submission.service == service])


def current_submissions(oldest_first: Collection[Recorded]) -> dict[str, Recorded]:
    """The submission that counts of each partition.

    A run of many partitions records each at once and all of them again as it ends: the first record is its place.
    """
    seen: set[tuple[str, str]] = set()
    current: dict[str, Recorded] = {}
    for one in oldest_first:
        if one.run_id and (one.run_id, one.partition) in seen:
            continue
        seen.add((one.run_id, one.partition))
        before = current.get(one.partition)
        if before is None or one.supersedes(before):
            current[one.partition] = one
    return current


def newest_places(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Collection[str] | None = None
) -> Mapping[str, int]:
    """Where the newest materialisation of each partition (of all that have one, if None) stands in the event log."""
    few = None if partitions is None or len(partitions) > _IDS_A_QUERY else set(partitions)
    return instance.event_log_storage.get_latest_storage_id_by_partition(
        key, DagsterEventType.ASSET_MATERIALIZATION, few
    )


def stamps(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Collection[str] | None = None
) -> dict[str, Stamp]:
    """The newest materialisation of each partition that has one; of all partitions if None."""
    if partitions is not None and not partitions:
        return {}
    places = newest_places(instance, key, partitions)
    wanted = set(places) if partitions is None else set(partitions)
    found: dict[str, Stamp] = {}
    for ids in batched(sorted(place for partition, place in places.items() if partition in wanted), _IDS_A_QUERY):
        chosen = dg.AssetRecordsFilter(asset_key=key, storage_ids=list(ids))
        for record in instance.fetch_materializations(chosen, limit=_IDS_A_QUERY).records:
            event = record.asset_materialization
            if event is not None and event.partition is not None:
                values = {name: entry.value for name, entry in event.metadata.items()}
                found[event.partition] = Stamp(record.storage_id, values, record.timestamp)
    return found
