"""Which submissions wait for a report, read from the event log.

What does not belong here: what is reported of them (`reports`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.event_log.ledger import Recorded
from eo_pipeline.orchestration.event_log.ledger_reader import LedgerReader, Reported
from eo_pipeline.orchestration.partitions import PartitionKey

OVERLAP = 1000
"""Event-log ids that are scanned again: on Postgres they may be committed out of order."""


@dataclass(frozen=True)
class Lost:
    """An export whose tiles were deleted before they were collected.

    Attributes:
        recorded: its submission, still the last one.
        storage_id: where it was noticed.
    """

    recorded: Recorded
    storage_id: int

    @property
    def identity(self) -> str:
        """What is reported once."""
        return f"lost:{self.recorded.identity}:{self.storage_id}"


@dataclass(frozen=True)
class Waiting:
    """Submissions of one product that were not reported yet.

    Attributes:
        chain: the product.
        submissions: oldest first, one a partition.
        lost: exports to be made again.
        watermark: place in the event log before which nothing waits.
    """

    chain: Chain
    submissions: tuple[Recorded, ...]
    lost: tuple[Lost, ...]
    watermark: int


def waiting_since(
    instance: dg.DagsterInstance, chain: Chain, *, service: str, watermark: int, reader: LedgerReader | None = None
) -> Waiting:
    """Submissions to a service that count and whose outcome `export` does not show.

    Left alone: other services, partitions that the product no longer has, and submissions that a later one of their
    partition made void: their exports, if they end at all, are not the data that is wanted.
    """
    reader = reader or LedgerReader()
    since = max(0, watermark - OVERLAP)
    reported = reader.reported_after(instance, chain.key("export"), since)
    recent = reader.submissions_after(instance, chain.key("submission"), since)
    current = ledger.current_submissions([r for r in recent if r.submission.service == service])
    unreported = [r for r in current.values() if reported.places.get(r.identity, 0) < r.storage_id]
    waiting = _not_exported(instance, chain, _known(instance, chain, unreported), reader)
    lost = _lost(instance, chain, reported, service)
    places = [r.storage_id for r in waiting] + [found.storage_id for found in lost]
    first = min(places, default=None)
    resolved = [r.storage_id for r in recent if first is None or r.storage_id < first]
    return Waiting(
        chain,
        tuple(sorted(waiting, key=lambda recorded: recorded.storage_id)),
        tuple(lost),
        max(resolved, default=watermark),
    )


def _lost(instance: dg.DagsterInstance, chain: Chain, reported: Reported, service: str) -> list[Lost]:
    """Losses that no later submission answers and that were not passed on yet."""
    last = ledger.last_submissions(instance, chain.key("submission"), reported.lost, service=service)
    found = [
        Lost(last[p], place)
        for p, (identity, place) in reported.lost.items()
        if p in last and last[p].identity == identity
    ]
    open_ones = [loss for loss in found if loss.recorded.storage_id < loss.storage_id]
    unknown = [loss for loss in open_ones if loss.identity not in reported.places]
    known = {recorded.partition for recorded in _known(instance, chain, [loss.recorded for loss in unknown])}
    return [loss for loss in unknown if loss.recorded.partition in known]


def waiting_of(
    instance: dg.DagsterInstance, chain: Chain, partitions: Iterable[str], *, service: str
) -> list[Recorded]:
    """The last submissions of certain partitions whose success `export` does not show, failures reported or not."""
    found = ledger.last_submissions(instance, chain.key("submission"), list(partitions), service=service)
    return _not_exported(instance, chain, found.values(), LedgerReader())


def _known(instance: dg.DagsterInstance, chain: Chain, found: Iterable[Recorded]) -> list[Recorded]:
    """Those of partitions that the product has today."""
    periods = set(chain.by_period.get_partition_keys(dynamic_partitions_store=instance))
    keyed = [(PartitionKey.parse(recorded.partition), recorded) for recorded in found]
    return [recorded for key, recorded in keyed if key.area in chain.areas and key.period in periods]


def _not_exported(
    instance: dg.DagsterInstance, chain: Chain, found: Iterable[Recorded], reader: LedgerReader
) -> list[Recorded]:
    """Those that the newest materialisation of `export` does not stand for."""
    unreported = list(found)
    exported = reader.exported(instance, chain.key("export"), {recorded.partition for recorded in unreported})
    return [recorded for recorded in unreported if exported.get(recorded.partition) != recorded.identity]
