"""What nobody makes: partitions whose input has been there for a while, without an attempt since.

Automation asks for each partition once. A daemon that dies while it creates a run, or a retry that is dropped because
the code server is away, leaves nothing behind (dagster 1.13): no run, no failure, a hole that nobody explains. What
does not belong here: partitions that failed, which are red and a person's; and what is not submitted yet
(`releases`).
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus
from dagster._core.storage.tags import BACKFILL_ID_TAG

from eo_pipeline.orchestration.automation import PARTITIONS_A_RUN
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.freshness import above, sources_of
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.ranges import rectangles
from eo_pipeline.orchestration.schedules import range_tags

NAME = "forgotten_partitions"
PATIENCE_SECONDS = 600
"""Since the newest input, before a partition counts as forgotten: automation takes seconds."""

_EVERY_SECONDS = 120
_IDS_A_QUERY = 500
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class Forgotten:
    """Partitions of one stage that nobody makes.

    Attributes:
        chain: the product.
        stage: one of `Chain.stages`, made of another.
        partitions: Dagster's keys.
    """

    chain: Chain
    stage: str
    partitions: tuple[str, ...]


def build_forgotten_sensor(chains: Sequence[Chain], *, patience: int = PATIENCE_SECONDS) -> dg.SensorDefinition:
    """The sensor of all products."""

    @dg.sensor(
        name=NAME,
        jobs=[job for chain in chains for job in _jobs(chain)],
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs what automation asked for and nobody made, for example since the daemon died meanwhile.",
    )
    def forgotten_partitions(context: dg.SensorEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        found = [one for chain in chains for one in forgotten(context.instance, chain, patience=patience)]
        requests = [request for one in found for request in _requests(context.instance, one)]
        return requests or dg.SkipReason("Nothing is forgotten.")

    return forgotten_partitions


def forgotten(instance: dg.DagsterInstance, chain: Chain, *, patience: int) -> Iterator[Forgotten]:
    """The first stage, and others that do not follow it, of which partitions are forgotten."""
    for stage in _made(chain):
        missing = _candidates(instance, chain, stage)
        late = sorted(_old_enough(instance, chain, stage, missing, before=time.time() - patience)) if missing else []
        if late:
            yield Forgotten(chain, stage, tuple(late))


def _made(chain: Chain) -> list[str]:
    """Stages that are made of another."""
    return [stage for stage in chain.stages if above(chain, stage) is not None]


def _key_above(chain: Chain, stage: str) -> dg.AssetKey:
    """Of the stage that another of `_made` is made of."""
    return chain.key(above(chain, stage) or chain.first_stage)


def _inputs(chain: Chain, stage: str, partition: str) -> list[str]:
    """Partitions of the stage above that a partition is made of."""
    return sources_of(chain, partition) if stage == "zonal_stats" else [partition]


def _candidates(instance: dg.DagsterInstance, chain: Chain, stage: str) -> dict[str, int]:
    """Partitions that are missing or older than their newest input, not attempted since; with that input's place."""
    inputs = ledger.newest_places(instance, _key_above(chain, stage))
    mine = ledger.newest_places(instance, chain.key(stage))
    attempted = _attempted(instance, chain.key(stage))
    found: dict[str, int] = {}
    for partition in _wanted(instance, chain, stage, inputs) - _in_line(instance, chain.key(stage)):
        places = [inputs.get(of, 0) for of in _inputs(chain, stage, partition)]
        if min(places, default=0) and max(places) > max(mine.get(partition, 0), attempted.get(partition, 0)):
            found[partition] = max(places)
    return found


def _attempted(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, float]:
    """Where the newest attempt at each partition was planned that has not made it; infinity while its run goes on."""
    log = instance.event_log_storage
    attempts = log.get_latest_asset_partition_materialization_attempts_without_materializations(key)
    runs = {run_id for run_id, _ in attempts.values()}
    going_on = instance.get_runs(dg.RunsFilter(run_ids=list(runs), statuses=_UNFINISHED)) if runs else []
    unfinished = {run.run_id for run in going_on}
    return {p: math.inf if run_id in unfinished else place for p, (run_id, place) in attempts.items()}


def _in_line(instance: dg.DagsterInstance, key: dg.AssetKey) -> set[str]:
    """Partitions that backfills ask for whose runs wait or go on: a long queue is no hole."""
    runs = instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED))
    going_on = {run.tags[BACKFILL_ID_TAG] for run in runs if BACKFILL_ID_TAG in run.tags}
    found: set[str] = set()
    for backfill in instance.get_backfills(filters=BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED])):
        data = backfill.asset_backfill_data
        if backfill.backfill_id in going_on and data is not None and key in data.target_subset.asset_keys:
            found |= set(data.get_target_partitions_subset(key).get_partition_keys())
    return found


def _wanted(instance: dg.DagsterInstance, chain: Chain, stage: str, inputs: Mapping[str, int]) -> set[str]:
    """Partitions that the product has, and some of whose input is there."""
    known = set(chain.partitions(stage).get_partition_keys(dynamic_partitions_store=instance))
    if stage == "zonal_stats" and not chain.zones_follow_areas:
        return known & {PartitionKey.parse(partition).period for partition in inputs}
    return known & set(inputs)


def _old_enough(
    instance: dg.DagsterInstance, chain: Chain, stage: str, missing: Mapping[str, int], *, before: float
) -> Iterator[str]:
    """Those whose newest input was recorded before an instant."""
    old: set[int] = set()
    for ids in batched(sorted(set(missing.values())), _IDS_A_QUERY):
        wanted = dg.AssetRecordsFilter(
            asset_key=_key_above(chain, stage), before_timestamp=before, storage_ids=list(ids)
        )
        old |= {record.storage_id for record in instance.fetch_materializations(wanted, limit=len(ids)).records}
    yield from (partition for partition, place in missing.items() if place in old)


def _jobs(chain: Chain) -> Iterator[UnresolvedAssetJobDefinition]:
    """A job for the stages of each way of partitioning."""
    by_job: dict[str, list[dg.AssetKey]] = {}
    for stage in _made(chain):
        by_job.setdefault(_job_name(chain, stage), []).append(chain.key(stage))
    for name, keys in by_job.items():
        yield dg.define_asset_job(
            name,
            selection=dg.AssetSelection.assets(*keys),
            description=f"Makes partitions of {chain.product.name} that nobody else makes.",
        )


def _job_name(chain: Chain, stage: str) -> str:
    over_areas = chain.partitions(stage) is chain.by_period
    return f"{chain.product.name}_forgotten{'_periods' if over_areas else ''}"


def _requests(instance: dg.DagsterInstance, found: Forgotten) -> Iterator[dg.RunRequest]:
    """Runs of what is forgotten, unless runs of this kind are under way."""
    chain, name = found.chain, _job_name(found.chain, found.stage)
    if instance.get_runs_count(dg.RunsFilter(job_name=name, statuses=_UNFINISHED)):
        return
    for first, last in _ranges(instance, found):
        yield dg.RunRequest(job_name=name, asset_selection=[chain.key(found.stage)], tags=range_tags(first, last))


def _ranges(instance: dg.DagsterInstance, found: Forgotten) -> Iterator[tuple[str, str]]:
    chain = found.chain
    if chain.partitions(found.stage) is chain.by_period:
        yield from ((period, period) for period in found.partitions)
        return
    periods = chain.by_period.get_partition_keys(dynamic_partitions_store=instance)
    keys = [PartitionKey.parse(partition) for partition in found.partitions]
    for part in rectangles(keys, areas=list(chain.areas), periods=periods, size=PARTITIONS_A_RUN):
        yield part[0].text, part[-1].text
