"""How far a product is: partitions by stage and state.

What does not belong here: how it is printed (`cli`) or checked (`checks`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
from dagster import AssetRecordsFilter

from eo_pipeline.orchestration import ledger
from eo_pipeline.orchestration.chain import Chain

_PAGE = 1000
_ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True)
class StageStatus:
    """One stage's partitions.

    Attributes:
        stage: submission, export, tiles, mosaic, zonal_stats or cube.
        wanted: how many partitions there are.
        done: how many are materialised.
        no_images: how many of those have no image.
        failed: how many failed and were not made since.
    """

    stage: str
    wanted: int
    done: int
    no_images: int
    failed: int


@dataclass(frozen=True)
class ProductStatus:
    """A product's stages, upstream first."""

    product: str
    stages: tuple[StageStatus, ...]

    @property
    def missing(self) -> int:
        """Partitions of all stages that are not there."""
        return sum(stage.wanted - stage.done for stage in self.stages)

    @property
    def is_complete(self) -> bool:
        """True if every partition of every stage is materialised."""
        return self.missing == 0

    @property
    def sentence(self) -> str:
        """For a person."""
        if self.is_complete:
            return f"{self.product} is complete."
        behind = ", ".join(f"{s.stage} {s.done}/{s.wanted}" for s in self.stages if s.done < s.wanted)
        return f"{self.product} is not complete: {behind}."

    @property
    def markdown(self) -> str:
        """A table for the UI."""
        rows = [f"| {s.stage} | {s.wanted} | {s.done} | {s.no_images} | {s.failed} |" for s in self.stages]
        return "\n".join(
            ["| stage | wanted | done | of them without images | failed |", "|---|---|---|---|---|", *rows]
        )


def product_status(instance: dg.DagsterInstance, chain: Chain) -> ProductStatus:
    """Count every stage's partitions in the event log."""
    return ProductStatus(chain.product.name, tuple(_stage(instance, chain, stage) for stage in chain.stages))


def _stage(instance: dg.DagsterInstance, chain: Chain, stage: str) -> StageStatus:
    key = chain.key(stage)
    by_period = stage == "zonal_stats" and not chain.zones_follow_areas
    partitions = chain.by_period if by_period else chain.by_area_and_period
    wanted = set(partitions.get_partition_keys(dynamic_partitions_store=instance))
    done = instance.get_materialized_partitions(key) & wanted
    failed = _failed(instance, key) & wanted
    states = partition_states(instance, key)
    empty = sum(states.get(partition) == "no_images" for partition in done)
    return StageStatus(stage, len(wanted), len(done), empty, len(failed - done))


def _failed(instance: dg.DagsterInstance, key: dg.AssetKey) -> set[str]:
    """Partitions whose last attempt ended without making them."""
    attempts = instance.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations(
        key
    )
    runs = {run_id for run_id, _ in attempts.values()}
    ended = instance.get_runs(dg.RunsFilter(run_ids=list(runs), statuses=_ENDED)) if runs else []
    over = {run.run_id for run in ended}
    return {partition for partition, (run_id, _) in attempts.items() if run_id in over}


def partition_states(instance: dg.DagsterInstance, key: dg.AssetKey) -> Mapping[str, str]:
    """The state that each partition's newest materialisation recorded."""
    states: dict[str, str] = {}
    cursor = None
    while True:
        page = instance.fetch_materializations(
            AssetRecordsFilter(asset_key=key), limit=_PAGE, cursor=cursor, ascending=True
        )
        for record in page.records:
            event = record.asset_materialization
            if event is not None and event.partition is not None and ledger.STATE in event.metadata:
                states[event.partition] = str(event.metadata[ledger.STATE].value)
        if not page.has_more:
            return states
        cursor = page.cursor
