"""Deleting partitions from every store, in an order in which nothing half-deleted looks complete.

First the submission is withdrawn, so that nothing is sent again and `status` shows the partition as missing; then go
what was derived, what it was made of, and at last Dagster's history. Of pixels that are composed here Dagster's history
goes first. A second call after a kill finishes the work.
What does not belong here: what the stores hold (`holdings`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.earth_engine.operations import get_operation
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.orchestration.chain import Chain, of_earth_engine
from eo_pipeline.orchestration.compute.usage import brought_up_to_date
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.event_log.history import forget
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.removing.cancelling import Standing, cancel, standings, withdraw
from eo_pipeline.orchestration.removing.holdings import Stores
from eo_pipeline.steps.delete_partition import Holding
from eo_pipeline.storage.places import open_place
from eo_pipeline.storage.usage_table import read_usage, write_usage

_REASON = "deleted by `eo-pipeline delete`"
_LONGEST_WAIT_SECONDS = 120


class BusyError(EoPipelineError):
    """Something still writes what is to be deleted."""


@dataclass(frozen=True)
class Stock:
    """What would go.

    Attributes:
        open: partitions whose exports are under way or wait.
        holdings: in the stores, in order.
        history: partitions that Dagster knows as made, by stage.
        shared: periods whose tables also hold areas that stay.
    """

    open: tuple[Standing, ...]
    holdings: tuple[Holding, ...]
    history: Mapping[str, Sequence[str]]
    shared: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to delete."""
        return not (self.open or self.holdings or any(self.history.values()))


def take_stock(stores: Stores, partitions: Sequence[str], *, keep_history: bool) -> Stock:
    """Look at every store; changes nothing."""
    return Stock(
        open=tuple(standing for standing in _standings(stores, partitions) if standing.is_open),
        holdings=tuple(stores.holdings(partitions)),
        history={} if keep_history else _history(stores, partitions),
        shared=_shared(stores.chain, partitions),
    )


def _standings(stores: Stores, partitions: Sequence[str]) -> list[Standing]:
    """What is under way on Earth Engine: nothing of pixels that are composed here."""
    if stores.chain.product.made_here:
        return []
    return standings(stores.instance, stores.chain, partitions, services=stores.services)


def _history(stores: Stores, partitions: Sequence[str]) -> dict[str, list[str]]:
    """Partitions of every stage but the submission, upstream first."""
    chain = stores.chain
    wanted = {stage: _of_stage(chain, stage, partitions) for stage in chain.stages if stage != "submission"}
    made = {stage: ledger.newest_places(stores.instance, chain.key(stage), of) for stage, of in wanted.items()}
    return {stage: [partition for partition in of if partition in made[stage]] for stage, of in wanted.items()}


def _of_stage(chain: Chain, stage: str, partitions: Sequence[str]) -> list[str]:
    """The partitions of a stage that these are part of."""
    if chain.partitions(stage) is chain.by_area_and_period:
        return list(partitions)
    return list(dict.fromkeys(PartitionKey.parse(partition).period for partition in partitions))


def _shared(chain: Chain, partitions: Sequence[str]) -> tuple[str, ...]:
    if "zonal_stats" not in chain.stages or chain.zones_follow_areas:
        return ()
    areas: dict[str, set[str]] = {}
    for key in map(PartitionKey.parse, partitions):
        areas.setdefault(key.period, set()).add(key.area)
    return tuple(period for period, named in areas.items() if named != set(chain.areas))


def delete(
    stores: Stores,
    partitions: Sequence[str],
    *,
    keep_history: bool,
    tell: Callable[[str], None],
    poll_seconds: float = 2,
) -> None:
    """Delete partitions everywhere.

    Args:
        stores: where they are.
        partitions: Dagster's keys.
        keep_history: leave Dagster's records of what was made; of a product that is made here they go first.
        tell: gets a sentence for each thing that is done.
        poll_seconds: between two looks at operations that are being cancelled.

    Raises:
        BusyError: a run of the product is under way, or an operation does not end.
        EoPipelineError: a store refused; what went before stays deleted.
    """
    check_idle(stores.instance, stores.chain)
    if stores.chain.product.made_here:
        _forget(stores, partitions)  # no submission is there that could be withdrawn
    else:
        _end_exports(stores, partitions, tell, poll_seconds)
    for holding in stores.holdings(partitions):
        holding.delete()
        tell(f"{holding.kind}: {holding.where}: {len(holding.sizes)} deleted")
    if not keep_history:
        _forget(stores, partitions)
        tell("Dagster's history of them: deleted")


def check_idle(instance: dg.DagsterInstance, chain: Chain) -> None:
    """Refuse while a run of the product may write what is to be deleted.

    Raises:
        BusyError: one is under way.
    """
    runs = instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
    product = chain.product.name
    busy = [
        run.run_id
        for run in runs
        if run.job_name == f"{product}_settle" or any(key.path[0] == product for key in run.asset_selection or ())
    ]
    if busy:
        raise BusyError(
            f"expected no run of {product} under way, got {len(busy)} ({', '.join(busy[:3])}); wait until they end or "
            "cancel them in Dagster, then delete again"
        )


def _end_exports(stores: Stores, partitions: Sequence[str], tell: Callable[[str], None], poll_seconds: float) -> None:
    """Withdraw every submission, and wait until nothing is written any more."""
    instance, chain = stores.instance, stores.chain
    asked: list[str] = []
    for standing in _standings(stores, partitions):
        if standing.is_open:
            done = cancel(instance, chain, standing, services=stores.services, reason=_REASON)
            asked += done.asked
            tell(done.sentence)
    _withdraw(stores, partitions)
    _wait(stores, asked, poll_seconds)


def _withdraw(stores: Stores, partitions: Sequence[str]) -> None:
    """Record that the partitions are deleted, unless that is the last that was recorded."""
    instance, key = stores.instance, stores.chain.key("submission")
    service = stores.services.earth_engine.settings().service
    stamps = ledger.stamps(instance, key, partitions)
    for partition, recorded in ledger.last_submissions(instance, key, partitions, service=service).items():
        values = stamps[partition].values
        if values.get(names.STATE) != SubmissionState.WITHDRAWN.value or not values.get(names.DELETED):
            withdraw(instance, stores.chain, recorded, reason=_REASON, deleted=True)


def _wait(stores: Stores, asked: Sequence[str], poll_seconds: float) -> None:
    """An operation that is being cancelled may still write."""
    session, deadline = stores.services.earth_engine.session(), time.monotonic() + _LONGEST_WAIT_SECONDS
    active = list(asked)
    while active:
        found = {name: get_operation(session, name) for name in active}
        active = [name for name, operation in found.items() if operation is not None and operation.state.active]
        if active and time.monotonic() > deadline:
            raise BusyError(
                f"expected {len(active)} cancelled operations to end, but they are still being cancelled "
                f"({', '.join(active[:3])}); delete again in a few minutes: nothing is deleted before they end"
            )
        if active:
            time.sleep(poll_seconds)


def _forget(stores: Stores, partitions: Sequence[str]) -> None:
    """Forget what was made, upstream first: so nothing looks as if only its own stage were missing.

    The table of compute reads the history first, and keeps what it read.
    """
    place = open_place(stores.settings)
    table = read_usage(place)
    read = brought_up_to_date(table, stores.instance, of_earth_engine([stores.chain]))
    if read != table:
        write_usage(place, read)
    for stage, of in _history(stores, partitions).items():
        forget(stores.instance, stores.chain.key(stage), of)
