"""From listed operations to asset events: what a tick of the sensor, or a poll of `eo-pipeline run`, reports.

Reads the ledger, asks the pure `core.reconcile.decide_report`, returns events. What does not belong here: storing them,
and when a tick happens.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dagster as dg

from eo_pipeline.core.reconcile import Operation, Report, decide_report
from eo_pipeline.orchestration import ledger
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.ledger import Recorded

MAX_EVENTS = 400
"""Events a tick stores at most: a runless event costs about 50 ms on SQLite, a tick may take 60 s."""

OVERLAP = 1000
"""Event-log ids that are scanned again: on Postgres they may be committed out of order."""


@dataclass(frozen=True)
class Pending:
    """Submissions of one product that were not reported yet.

    Attributes:
        chain: the product.
        waiting: oldest first, at most one a partition and service.
        watermark: place in the event log before which everything is reported.
    """

    chain: Chain
    waiting: tuple[Recorded, ...]
    watermark: int


@dataclass
class Tick:
    """What one look at the service amounts to.

    Attributes:
        events: for the event log, in order.
        settle: (chain, recorded) whose submission is to run again.
        active: operations that are under way.
        watermarks: by product, for the next tick.
        postponed: events left for the next tick.
    """

    events: list[dg.AssetMaterialization | dg.AssetObservation] = field(default_factory=list)
    settle: list[tuple[Chain, Recorded]] = field(default_factory=list)
    active: int = 0
    watermarks: dict[str, int] = field(default_factory=dict)
    postponed: int = 0


def tick(
    instance: dg.DagsterInstance,
    chains: Sequence[Chain],
    *,
    service: str,
    list_operations: Callable[[], Iterable[Operation]],
    watermarks: Mapping[str, int],
) -> Tick:
    """Compare every unreported submission with one listing of the project's operations.

    Args:
        instance: the ledger.
        chains: every product.
        service: submissions to other services are left alone.
        list_operations: asked only if something waits for an operation.
        watermarks: of the last tick; lost ones cost time, nothing else.
    """
    found = [_pending(instance, chain, watermarks.get(chain.product.name, 0)) for chain in chains]
    here = [(p.chain, r) for p in found for r in p.waiting if r.submission.service == service]
    listed: dict[str, Operation] = {}
    if any(recorded.submission.operation for _, recorded in here):
        listed = {operation.name: operation for operation in list_operations()}
    result = Tick(watermarks={p.chain.product.name: p.watermark for p in found})
    for chain, recorded in here:
        _report(result, chain, recorded, listed.get(recorded.submission.operation))
    return result


def _pending(instance: dg.DagsterInstance, chain: Chain, watermark: int) -> Pending:
    """The newest submission of each partition on each service counts; older ones are outdated."""
    by_service: dict[tuple[str, str], Recorded] = {}
    newest: dict[str, Recorded] = {}
    for recorded in ledger.submissions_after(instance, chain.key("submission"), max(0, watermark - OVERLAP)):
        by_service[recorded.partition, recorded.submission.service] = recorded
        newest[recorded.partition] = recorded
    reported = ledger.reports(instance, chain.key("export"), newest)
    waiting: list[Recorded] = []
    settled: list[Recorded] = []
    for recorded in sorted(by_service.values(), key=lambda r: r.storage_id):
        is_newest = newest[recorded.partition] is recorded
        done = _is_reported(recorded, reported.get(recorded.partition, []), is_newest=is_newest)
        (settled if done else waiting).append(recorded)
    first = waiting[0].storage_id if waiting else None
    resolved = [r.storage_id for r in settled if first is None or r.storage_id < first]
    return Pending(chain, tuple(waiting), max([watermark, *resolved]))


def _is_reported(recorded: Recorded, reported: Sequence[str], *, is_newest: bool) -> bool:
    """The partition's newest submission must also be its last report, or another export would stand in its place."""
    return recorded.identity in (reported[-1:] if is_newest else reported)


def _report(result: Tick, chain: Chain, recorded: Recorded, operation: Operation | None) -> None:
    decision = decide_report(recorded.submission, operation)
    if decision.report is Report.WAIT:
        result.active += 1
        return
    if len(result.events) >= MAX_EVENTS:
        result.postponed += 1
        return
    key = chain.key("export")
    if decision.report is Report.EXPORTED:
        result.events.append(_exported(key, recorded, operation))
        return
    result.events.append(
        dg.AssetObservation(
            asset_key=key,
            partition=recorded.partition,
            description=f"{decision.report.value}: {decision.message}",
            metadata={**_common(recorded), "error": decision.message, "settled by a run": decision.settle},
        )
    )
    if decision.settle:
        result.settle.append((chain, recorded))


def _common(recorded: Recorded) -> dict[str, str]:
    submission = recorded.submission
    return {
        ledger.REPORTED: recorded.identity,
        ledger.STATE: submission.state,
        ledger.DIGEST: submission.digest,
        ledger.BUCKET: recorded.bucket,
        ledger.PREFIX: recorded.prefix,
    }


def _exported(key: dg.AssetKey, recorded: Recorded, operation: Operation | None) -> dg.AssetMaterialization:
    shown: dict[str, Any] = dict(_common(recorded))
    if operation is not None:
        shown |= {
            "EECU-seconds": operation.eecu_seconds,
            "queue seconds": _seconds(operation.created, operation.started),
            "run seconds": _seconds(operation.started, operation.ended),
            "task": dg.MetadataValue.url(operation.url),
            "tiles at": dg.MetadataValue.path(f"gs://{recorded.bucket}/{recorded.prefix}"),
        }
    return dg.AssetMaterialization(
        asset_key=key,
        partition=recorded.partition,
        description="nothing to export" if operation is None else "exported by Earth Engine",
        metadata=shown,
        tags={"dagster/data_version": recorded.submission.digest},
    )


def _seconds(start: str, end: str) -> float:
    """Seconds between two RFC 3339 instants; 0 if either is unknown."""
    if not start or not end:
        return 0.0
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 1)
