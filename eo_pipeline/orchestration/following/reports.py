"""From listed operations to asset events: what a tick of the sensor, or a poll of `eo-pipeline run`, reports.

Reads the ledger, asks the pure `core.exports.reporting.decide_report`, returns events. What does not belong here:
storing them, and when a tick happens.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.core.exports.queue import QueueLook, look_at_queue
from eo_pipeline.core.exports.reporting import Report, ReportDecision, decide_report
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import EECU_SECONDS, OPERATIONS, operations_metadata
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.ledger import Recorded
from eo_pipeline.orchestration.event_log.ledger_reader import LedgerReader
from eo_pipeline.orchestration.event_log.stored_submissions import parts_metadata
from eo_pipeline.orchestration.following.waiting import Lost, waiting_of, waiting_since
from eo_pipeline.orchestration.submissions.releases import Allowance, Held, released, unlimited
from eo_pipeline.orchestration.submissions.turns import is_gathering, is_in_line

MAX_EVENTS = 2000
"""Events a tick stores at most: some milliseconds each, all in one commit; a tick may take 60 s."""

MAX_LOOKUPS = 50
"""Operations that the listing lacks and that a tick asks for one by one, before they count as gone."""


@dataclass(frozen=True)
class Service:
    """Where operations are.

    Attributes:
        identity: submissions to others are left alone.
        list_operations: all of the project's.
        get_operation: one by name, None if it is gone.
        allowances: what each product may still start, given the operations.
        concurrency: tasks that the project's plan runs at once; None if unknown.
    """

    identity: str
    list_operations: Callable[[], Iterable[Operation]]
    get_operation: Callable[[str], Operation | None]
    allowances: Callable[[Sequence[Operation]], Allowance] = lambda _operations: unlimited
    concurrency: int | None = None


@dataclass(frozen=True)
class Settle:
    """A submission that is to run again since its export failed, or its tiles were deleted.

    Attributes:
        chain: the product.
        recorded: the submission.
        event: that reports it; to be stored only once the run is certain, for nobody settles what is reported.
        key: identity of the run: a submission that attaches to the same operation once more may be settled once more.
        lost: True if the tiles were deleted.
    """

    chain: Chain
    recorded: Recorded
    event: dg.AssetObservation
    key: str
    lost: bool = False


@dataclass
class Tick:
    """What one look at the service amounts to.

    Attributes:
        events: for the event log, in order.
        settle: failed exports.
        active: submissions that are under way.
        held: submissions that are held back.
        released: of those, the ones that may go now.
        watermarks: by product, for the next tick.
        postponed: events left for the next tick.
        queue: the project's, None if it was not asked.
        listed: the project's operations, empty if it was not asked.
    """

    events: list[dg.AssetMaterialization | dg.AssetObservation] = field(default_factory=list)
    settle: list[Settle] = field(default_factory=list)
    active: int = 0
    held: list[Held] = field(default_factory=list)
    released: list[Held] = field(default_factory=list)
    watermarks: dict[str, int] = field(default_factory=dict)
    postponed: int = 0
    queue: QueueLook | None = None
    listed: Sequence[Operation] = ()


def tick(
    instance: dg.DagsterInstance,
    chains: Sequence[Chain],
    *,
    service: Service,
    watermarks: Mapping[str, int],
    reader: LedgerReader | None = None,
) -> Tick:
    """Compare every unreported submission with one listing of the project's operations.

    Args:
        instance: the ledger.
        chains: every product.
        service: asked only if something waits for an operation, or is held back.
        watermarks: of the last tick; lost ones cost time, nothing else.
        reader: of the last tick; without it, the event log is read anew.
    """
    kept = reader or LedgerReader()
    marks = {chain.product.name: watermarks.get(chain.product.name, 0) for chain in chains}
    found = [
        waiting_since(instance, chain, service=service.identity, watermark=marks[chain.product.name], reader=kept)
        for chain in chains
    ]
    result = Tick(watermarks={w.chain.product.name: w.watermark for w in found})
    result.settle += [_lost(w.chain, loss) for w in found for loss in w.lost]
    _report_all(instance, result, [(w.chain, recorded) for w in found for recorded in w.submissions], service)
    return result


def look(instance: dg.DagsterInstance, chain: Chain, partitions: Iterable[str], *, service: Service) -> Tick:
    """Compare the last submissions of certain partitions with the project's operations, whatever was reported."""
    result = Tick()
    waiting = waiting_of(instance, chain, partitions, service=service.identity)
    _report_all(instance, result, [(chain, recorded) for recorded in waiting], service)
    return result


def _report_all(
    instance: dg.DagsterInstance, result: Tick, waiting: Sequence[tuple[Chain, Recorded]], service: Service
) -> None:
    known = _operations(result, [recorded for _, recorded in waiting], service)
    for chain, recorded in waiting:
        if not known.keys() >= set(recorded.submission.operations):
            result.postponed += 1
            continue
        _report(result, chain, recorded, known)
    if result.queue is not None:
        result.released = released(
            _in_turn(instance, result.held),
            result.queue,
            allowance=service.allowances(result.listed),
            now=datetime.now(UTC),
        )


def _in_turn(instance: dg.DagsterInstance, held: Sequence[Held]) -> list[Held]:
    """All but those of a large backfill that is not known in full yet."""
    keys = {one.chain.key("submission") for one in held if is_in_line(one.recorded.submission)}
    gathering = {key for key in keys if is_gathering(instance, key)}
    return [
        one for one in held if not (is_in_line(one.recorded.submission) and one.chain.key("submission") in gathering)
    ]


def _operations(result: Tick, waiting: Sequence[Recorded], service: Service) -> dict[str, Operation | None]:
    """Operations as listed; those that the listing lacks are asked for by name, since it may be incomplete or old."""
    names_of_all = [name for recorded in waiting for name in recorded.submission.operations]
    if not names_of_all and all(recorded.submission.held is None for recorded in waiting):
        return {}
    listed = list(service.list_operations())
    result.listed = listed
    result.queue = look_at_queue(listed, concurrency=service.concurrency)
    known: dict[str, Operation | None] = {operation.name: operation for operation in listed}
    unlisted = [name for name in names_of_all if name not in known]
    return known | {name: service.get_operation(name) for name in unlisted[:MAX_LOOKUPS]}


def _report(result: Tick, chain: Chain, recorded: Recorded, known: Mapping[str, Operation | None]) -> None:
    decision = decide_report(recorded.submission, known)
    found = [known[name] for name in recorded.submission.operations]
    operations = [operation for operation in found if operation is not None]
    if decision.report is Report.WAIT:
        result.active += 1
    elif decision.report is Report.HELD:
        result.held.append(Held(chain, recorded))
    elif len(result.events) + len(result.settle) >= MAX_EVENTS:
        result.postponed += 1
    elif decision.report is Report.EXPORTED:
        result.events.append(_exported(chain, recorded, operations))
    elif decision.settle:
        event = _failed(chain.key("export"), recorded, decision, operations)
        result.settle.append(Settle(chain, recorded, event, f"{recorded.identity}:{recorded.storage_id}"))
    else:
        result.events.append(_failed(chain.key("export"), recorded, decision, operations))


def _lost(chain: Chain, loss: Lost) -> Settle:
    words = "what it made was deleted before it was collected; exported again"
    event = dg.AssetObservation(
        asset_key=chain.key("export"),
        partition=loss.recorded.partition,
        description=words,
        metadata={names.REPORTED: loss.identity},
    )
    return Settle(chain, loss.recorded, event, loss.identity, lost=True)


def _failed(
    key: dg.AssetKey, recorded: Recorded, decision: ReportDecision, operations: Sequence[Operation]
) -> dg.AssetObservation:
    return dg.AssetObservation(
        asset_key=key,
        partition=recorded.partition,
        description=f"{decision.report.value}: {decision.message}",
        metadata={
            "error": decision.message,
            "settled by a run": decision.settle,
            **_compute(operations),
            **_common(recorded),
        },
    )


def _common(recorded: Recorded) -> dict[str, Any]:
    return {names.REPORTED: recorded.identity, **parts_metadata(recorded.submission, place=recorded.place)}


def _compute(operations: Sequence[Operation]) -> dict[str, Any]:
    """What operations used, together and each."""
    return {EECU_SECONDS: sum(o.eecu_seconds for o in operations), OPERATIONS: operations_metadata(operations)}


def _written(chain: Chain, recorded: Recorded) -> dict[str, Any]:
    """Where to look for what was made; an asset's prefix is its whole name."""
    place, prefix = recorded.place, recorded.submission.parts[0].prefix
    if place.startswith("ee://"):
        return {"asset": dg.MetadataValue.path(prefix)}
    what = "tiles at" if chain.product.table is None else "table at"
    return {what: dg.MetadataValue.path(f"{place}/{prefix}")}


def _exported(chain: Chain, recorded: Recorded, operations: Sequence[Operation]) -> dg.AssetMaterialization:
    shown: dict[str, Any] = {}
    if operations:
        shown = {
            **_compute(operations),
            "queue seconds": round(sum(o.queue_seconds for o in operations), 1),
            "run seconds": round(sum(o.run_seconds for o in operations), 1),
            "task": dg.MetadataValue.url(operations[0].url),
            **_written(chain, recorded),
        }
        if len(operations) > 1:
            shown["pieces"] = len(operations)
    return dg.AssetMaterialization(
        asset_key=chain.key("export"),
        partition=recorded.partition,
        description="exported by Earth Engine" if operations else "nothing to export",
        metadata={**shown, **_common(recorded)},
        tags={"dagster/data_version": recorded.submission.digest},
    )
