"""From listed operations to asset events: what a tick of the sensor, or a poll of `eo-pipeline run`, reports.

Reads the ledger, asks the pure `core.reconcile.decide_report`, returns events. What does not belong here: storing them,
and when a tick happens.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dagster as dg

from eo_pipeline.core.reconcile import Operation, Report, ReportDecision, decide_report
from eo_pipeline.orchestration import ledger
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.ledger import Recorded
from eo_pipeline.orchestration.waiting import waiting_of, waiting_since

MAX_EVENTS = 400
"""Events a tick stores at most: a runless event costs about 50 ms on SQLite, a tick may take 60 s."""

MAX_LOOKUPS = 50
"""Operations that the listing lacks and that a tick asks for one by one, before they count as gone."""


@dataclass(frozen=True)
class Service:
    """Where operations are.

    Attributes:
        identity: submissions to others are left alone.
        list_operations: all of the project's.
        get_operation: one by name, None if it is gone.
    """

    identity: str
    list_operations: Callable[[], Iterable[Operation]]
    get_operation: Callable[[str], Operation | None]


@dataclass(frozen=True)
class Settle:
    """A submission that is to run again since its export failed.

    Attributes:
        chain: the product.
        recorded: the submission.
        event: that reports the failure; to be stored only once the run is certain, for nobody settles what is reported.
    """

    chain: Chain
    recorded: Recorded
    event: dg.AssetObservation

    @property
    def key(self) -> str:
        """Identity of the run: a submission that attaches to the same operation once more may be settled once more."""
        return f"{self.recorded.identity}:{self.recorded.storage_id}"


@dataclass
class Tick:
    """What one look at the service amounts to.

    Attributes:
        events: for the event log, in order.
        settle: failed exports.
        active: operations that are under way.
        watermarks: by product, for the next tick.
        postponed: events left for the next tick.
    """

    events: list[dg.AssetMaterialization | dg.AssetObservation] = field(default_factory=list)
    settle: list[Settle] = field(default_factory=list)
    active: int = 0
    watermarks: dict[str, int] = field(default_factory=dict)
    postponed: int = 0


def tick(
    instance: dg.DagsterInstance, chains: Sequence[Chain], *, service: Service, watermarks: Mapping[str, int]
) -> Tick:
    """Compare every unreported submission with one listing of the project's operations.

    Args:
        instance: the ledger.
        chains: every product.
        service: asked only if something waits for an operation.
        watermarks: of the last tick; lost ones cost time, nothing else.
    """
    found = [
        waiting_since(instance, chain, service=service.identity, watermark=watermarks.get(chain.product.name, 0))
        for chain in chains
    ]
    result = Tick(watermarks={w.chain.product.name: w.watermark for w in found})
    _report_all(result, [(w.chain, recorded) for w in found for recorded in w.submissions], service)
    return result


def look(instance: dg.DagsterInstance, chain: Chain, partitions: Iterable[str], *, service: Service) -> Tick:
    """Compare the last submissions of certain partitions with the project's operations, whatever was reported."""
    result = Tick()
    waiting = waiting_of(instance, chain, partitions, service=service.identity)
    _report_all(result, [(chain, recorded) for recorded in waiting], service)
    return result


def _report_all(result: Tick, waiting: Sequence[tuple[Chain, Recorded]], service: Service) -> None:
    names = [recorded.submission.operation for _, recorded in waiting if recorded.submission.operation]
    known = _operations(names, service)
    for chain, recorded in waiting:
        name = recorded.submission.operation
        if name and name not in known:
            result.postponed += 1
            continue
        _report(result, chain, recorded, known.get(name))


def _operations(names: Sequence[str], service: Service) -> dict[str, Operation | None]:
    """Operations as listed; those that the listing lacks are asked for by name, since it may be incomplete or old."""
    if not names:
        return {}
    known: dict[str, Operation | None] = {operation.name: operation for operation in service.list_operations()}
    unlisted = [name for name in names if name not in known]
    return known | {name: service.get_operation(name) for name in unlisted[:MAX_LOOKUPS]}


def _report(result: Tick, chain: Chain, recorded: Recorded, operation: Operation | None) -> None:
    decision = decide_report(recorded.submission, operation)
    if decision.report is Report.WAIT:
        result.active += 1
    elif len(result.events) + len(result.settle) >= MAX_EVENTS:
        result.postponed += 1
    elif decision.report is Report.EXPORTED:
        result.events.append(_exported(chain.key("export"), recorded, operation))
    elif decision.settle:
        result.settle.append(Settle(chain, recorded, _failed(chain.key("export"), recorded, decision)))
    else:
        result.events.append(_failed(chain.key("export"), recorded, decision))


def _failed(key: dg.AssetKey, recorded: Recorded, decision: ReportDecision) -> dg.AssetObservation:
    return dg.AssetObservation(
        asset_key=key,
        partition=recorded.partition,
        description=f"{decision.report.value}: {decision.message}",
        metadata={"error": decision.message, "settled by a run": decision.settle, **_common(recorded)},
    )


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
    shown: dict[str, Any] = {}
    if operation is not None:
        shown = {
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
        metadata={**shown, **_common(recorded)},
        tags={"dagster/data_version": recorded.submission.digest},
    )


def _seconds(start: str, end: str) -> float:
    """Seconds between two RFC 3339 instants; 0 if either is unknown."""
    if not start or not end:
        return 0.0
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds(), 1)
