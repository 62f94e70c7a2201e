"""Cancelling partitions: their operations on Earth Engine end, and what waits on our side stops waiting.

What does not belong here: which partitions (`cli.cancel`, `cancel_job`), and runs that were cancelled
(`cancelled_runs`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import dagster as dg

from eo_pipeline.core import keys
from eo_pipeline.core.exports.export_plan import Destination
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.core.exports.reporting import Report, decide_report
from eo_pipeline.core.exports.submissions import Part, SubmissionState
from eo_pipeline.earth_engine.operations import cancel_operation, get_operation, list_operations
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ServiceError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.ledger import Recorded
from eo_pipeline.orchestration.event_log.stored_submissions import metadata_of
from eo_pipeline.orchestration.fan_out import in_reading_order
from eo_pipeline.orchestration.following.waiting import waiting_of
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.submissions.destinations import Services, count_files, destination_of
from eo_pipeline.orchestration.tile_sources import expected_tiles


@dataclass(frozen=True)
class Standing:
    """What of one partition can still be cancelled.

    Attributes:
        partition: Dagster's key.
        recorded: its last submission, unless that was exported already; None if there is none.
        active: operations that may still write files; also those that are only listed.
        waits: True if the submission is under way, held back, or about to be sent again.
    """

    partition: str
    recorded: Recorded | None
    active: tuple[Operation, ...]
    waits: bool

    @property
    def is_open(self) -> bool:
        """True if there is something to cancel."""
        return self.waits or bool(self.active)

    @property
    def unrecorded(self) -> tuple[str, ...]:
        """Active operations that the last submission does not know."""
        known = self.recorded.submission.operations if self.recorded is not None else ()
        return tuple(operation.name for operation in self.active if operation.name not in known)


@dataclass(frozen=True)
class Cancelled:
    """What became of one partition.

    Attributes:
        partition: Dagster's key.
        asked: operations that Earth Engine was asked to cancel.
        late: of those, the ones that succeeded all the same.
        withdrawn: True if its submission no longer waits.
        complete: True if all files lie at their destination nevertheless.
    """

    partition: str
    asked: tuple[str, ...]
    late: tuple[str, ...]
    withdrawn: bool
    complete: bool = False

    @property
    def sentence(self) -> str:
        """For a person."""
        ended = len(self.asked) - len(self.late)
        told = [f"{_operations(ended)} cancelled"] if ended else []
        told += [f"{_operations(len(self.late))} had succeeded before"] if self.late else []
        told += ["no longer waits"] if self.withdrawn and not self.asked else []
        told += ["all its files are at their destination already"] if self.complete else []
        return f"{self.partition}: {'; '.join(told) or 'nothing to cancel'}"


def _operations(count: int) -> str:
    return f"{count} operation{'' if count == 1 else 's'}"


def standings(
    instance: dg.DagsterInstance,
    chain: Chain,
    partitions: Sequence[str],
    *,
    services: Services,
) -> list[Standing]:
    """What can be cancelled of each partition, after one listing of the project's operations."""
    session, destination = services.earth_engine.session(), destination_of(chain.product, services)
    desk = _Desk(instance, chain, session)
    waiting = {r.partition: r for r in waiting_of(instance, chain, partitions, service=session.service)}
    listed = list_operations(session)
    by_name = {operation.name: operation for operation in listed}
    by_head: dict[str, list[Operation]] = {}
    for operation in listed:
        if operation.state.active:
            by_head.setdefault(keys.description_head(operation.description), []).append(operation)
    found = []
    for partition in partitions:
        of_head = by_head.get(_head(chain, partition, destination), [])
        found.append(desk.standing(partition, waiting.get(partition), by_name, of_head))
    return found


@dataclass(frozen=True)
class _Desk:
    """Where it is looked what of a partition is open."""

    instance: dg.DagsterInstance
    chain: Chain
    session: Session

    def standing(
        self,
        partition: str,
        recorded: Recorded | None,
        listed: Mapping[str, Operation],
        of_head: Sequence[Operation],
    ) -> Standing:
        """Of one partition, given operations by name, and the active ones whose description begins as its own do."""
        sent = recorded.submission.operations if recorded is not None else ()
        known = {name: listed.get(name) or get_operation(self.session, name) for name in sent}
        active = [operation for operation in known.values() if operation is not None and operation.state.active]
        active += [operation for operation in of_head if operation.name not in known]
        return Standing(partition, recorded, tuple(active), recorded is not None and self._waits(recorded, known))

    def _waits(self, recorded: Recorded, known: Mapping[str, Operation | None]) -> bool:
        """True unless it ended; a failure ends it once a run that settles it has begun."""
        decision = decide_report(recorded.submission, known)
        if decision.settle:
            return not self._is_reported(recorded)
        return decision.report in (Report.WAIT, Report.HELD)

    def _is_reported(self, recorded: Recorded) -> bool:
        wanted = dg.AssetRecordsFilter(
            asset_key=self.chain.key("export"),
            asset_partitions=[recorded.partition],
            after_storage_id=recorded.storage_id,
        )
        events = [record.asset_observation for record in self.instance.fetch_observations(wanted, limit=20).records]
        found = [event.metadata.get(names.REPORTED) for event in events if event is not None]
        return any(entry is not None and entry.value == recorded.identity for entry in found)


def _head(chain: Chain, partition: str, destination: Destination) -> str:
    """What the descriptions of all attempts at a partition begin with."""
    key = PartitionKey.parse(partition)
    description = keys.description(
        product=chain.product.name,
        area_key=key.area,
        period_key=key.period,
        destination="/".join(destination.identity),
        request_id="",
    )
    return keys.description_head(description)


def cancel(
    instance: dg.DagsterInstance,
    chain: Chain,
    standing: Standing,
    *,
    services: Services,
    reason: str,
) -> Cancelled:
    """End a partition's operations, then record that its submission does not count any more.

    A second call after a kill finishes the work. A person's later submission starts the partition anew.

    Args:
        instance: whose event log is the ledger.
        chain: the product.
        standing: of the partition.
        services: of the deployment.
        reason: for a person.

    Raises:
        ServiceError: Earth Engine refused.
    """
    asked, session = tuple(operation.name for operation in standing.active), services.earth_engine.session()
    late = tuple(name for name in asked if cancel_one(session, name) is State.SUCCEEDED)
    if standing.unrecorded:
        observe_unrecorded(instance, chain, standing.partition, standing.unrecorded, reason=reason)
    recorded = standing.recorded
    withdrawn = standing.waits and recorded is not None
    if recorded is not None and withdrawn:
        withdraw(instance, chain, recorded, reason=reason)
    complete = recorded is not None and bool(asked) and _are_complete(chain, recorded, services)
    return Cancelled(standing.partition, asked, late, withdrawn, complete)


def _are_complete(chain: Chain, recorded: Recorded, services: Services) -> bool:
    """True if every file of a submission lies at its destination."""
    place, parts = recorded.place, recorded.submission.parts
    return all(count_files(place, part.prefix, services) >= _expected(chain, recorded, part) for part in parts)


def _expected(chain: Chain, recorded: Recorded, part: Part) -> int:
    """Files that a part's operation writes; an asset and a table are one."""
    if recorded.place.startswith("ee://") or chain.product.table is not None:
        return 1
    geobox = chain.area(PartitionKey.parse(recorded.partition)).geobox
    return len(expected_tiles(part, chain, geobox).names())


def cancel_one(session: Session, name: str) -> State | None:
    """Ask for one operation to be cancelled; gives its state afterwards, None if it is gone.

    Raises:
        ServiceError: refused, though it has not ended.
    """
    refusal = None
    try:
        cancel_operation(session, name)
    except ServiceError as error:
        refusal = error
    after = get_operation(session, name)
    if refusal is not None and after is not None and after.state.active:
        raise refusal
    return None if after is None else after.state


def withdraw(
    instance: dg.DagsterInstance, chain: Chain, recorded: Recorded, *, reason: str, deleted: bool = False
) -> None:
    """Record a partition's submission again as one that nobody waits for.

    Args:
        instance: whose event log is the ledger.
        chain: the product.
        recorded: its last submission.
        reason: for a person.
        deleted: True if all that was made of the partition is deleted, too.
    """
    submission = replace(recorded.submission, state=SubmissionState.WITHDRAWN, held=None)
    shown = {
        **metadata_of(submission, place=recorded.place),
        names.DELETED: deleted,
        "state": submission.state.value,
        "reason": reason,
    }
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            asset_key=chain.key("submission"),
            partition=recorded.partition,
            description=reason,
            metadata=in_reading_order(shown),
        )
    )


def observe_unrecorded(
    instance: dg.DagsterInstance, chain: Chain, partition: str, operations: Collection[str], *, reason: str
) -> None:
    """Tell of operations that no submission knows and that were cancelled."""
    instance.report_runless_asset_event(
        dg.AssetObservation(
            asset_key=chain.key("submission"),
            partition=partition,
            description=f"{reason}; it had sent {_operations(len(operations))} that no record knew",
            metadata={"operations": ", ".join(operations)},
        )
    )
