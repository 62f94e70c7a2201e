"""Partitions that nobody makes are found, those that somebody makes or that failed are left alone."""

import time
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.assets.graph.asset_graph_subset import AssetGraphSubset
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent
from dagster._core.execution.backfill import PartitionBackfill
from dagster._core.storage.dagster_run import DagsterRun

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.following.forgotten import build_forgotten_sensor, forgotten
from eo_pipeline_tests.orchestration.event_log import chain, materialise
from eo_pipeline_tests.orchestration.fields import two_areas

KEY = "whole|2024-01"


def found(instance: dg.DagsterInstance, made: Chain, *, patience: int = -5) -> dict[str, tuple[str, ...]]:
    return {one.stage: one.partitions for one in forgotten(instance, made, patience=patience)}


def attempt(instance: dg.DagsterInstance, made: Chain, stage: str, status: dg.DagsterRunStatus) -> None:
    """A run that planned a partition and has not made it."""
    run = instance.create_run_for_job(_job(made), status=status)
    planned = AssetMaterializationPlannedData(made.key(stage), partition=KEY)
    event = DagsterEvent.build_asset_materialization_planned_event("job", "step", planned)
    instance.report_dagster_event(event, run.run_id)
    assert isinstance(run, DagsterRun)


def _job(made: Chain) -> dg.JobDefinition:
    @dg.op
    def nothing() -> None: ...

    @dg.job(name=f"{made.product.name}_job")
    def job() -> None:
        nothing()

    return job


def test_what_waits_for_too_long_is_found_stage_by_stage(instance: dg.DagsterInstance) -> None:
    made = chain()
    assert found(instance, made) == {}
    materialise(instance, made, "export", KEY)
    assert found(instance, made) == {"tiles": (KEY,)}
    assert found(instance, made, patience=600) == {}
    materialise(instance, made, "tiles", KEY)
    assert found(instance, made) == {"mosaic": (KEY,)}
    materialise(instance, made, "export", KEY)
    assert found(instance, made) == {"tiles": (KEY,), "mosaic": (KEY,)}


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED])
def test_what_failed_since_or_is_being_made_is_left_alone(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    made = chain()
    materialise(instance, made, "export", KEY)
    attempt(instance, made, "tiles", status)
    assert found(instance, made) == {}
    materialise(instance, made, "export", KEY)
    newer = {} if status is dg.DagsterRunStatus.STARTED else {"tiles": (KEY,)}
    assert found(instance, made) == newer


def ask_for(instance: dg.DagsterInstance, made: Chain, stage: str) -> str:
    """A backfill of one partition, as automation makes it."""

    @dg.asset(key=made.key(stage), partitions_def=made.by_area_and_period)
    def stands_for_the_stage() -> None: ...

    subset = AssetGraphSubset.from_asset_partition_set(
        {AssetKeyPartitionKey(made.key(stage), KEY)}, AssetGraph.from_assets([stands_for_the_stage])
    )
    backfill = PartitionBackfill.from_asset_graph_subset(
        backfill_id="b1",
        backfill_timestamp=time.time(),
        tags={},
        asset_graph_subset=subset,
        dynamic_partitions_store=instance,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    return "b1"


def test_what_stands_in_a_long_queue_is_left_alone(instance: dg.DagsterInstance) -> None:
    made = chain()
    materialise(instance, made, "export", KEY)
    backfill = ask_for(instance, made, "tiles")
    assert found(instance, made) == {"tiles": (KEY,)}, "a backfill without a run is nobody's"
    tags = {"dagster/backfill": backfill}
    run = instance.create_run_for_job(_job(made), status=dg.DagsterRunStatus.NOT_STARTED, tags=tags)
    assert found(instance, made) == {}
    instance.delete_run(run.run_id)
    assert found(instance, made) == {"tiles": (KEY,)}


def test_statistics_want_all_mosaics_of_their_period(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    made = two_areas(tmp_path)
    first, *rest = [f"{area}|2024-01" for area in made.areas]
    for key in (first, *rest):
        for stage in ("export", "tiles", "cube"):
            materialise(instance, made, stage, key)
    materialise(instance, made, "mosaic", first)
    assert "zonal_stats" not in found(instance, made)
    for key in rest:
        materialise(instance, made, "mosaic", key)
    assert found(instance, made)["zonal_stats"] == ("2024-01",)
    materialise(instance, made, "zonal_stats", "2024-01")
    assert "zonal_stats" not in found(instance, made)


def test_runs_are_asked_for_by_ranges(instance: dg.DagsterInstance) -> None:
    made = chain()
    for month in ("01", "02"):
        materialise(instance, made, "export", f"whole|2024-{month}")
    sensor = build_forgotten_sensor([made], patience=-5)
    with dg.build_sensor_context(instance=instance) as context:
        result = sensor(context)
    assert isinstance(result, list)
    [request] = result
    assert request.job_name == "small_forgotten"
    assert request.asset_selection == [made.key("tiles")]
    tags = (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"])
    assert tags == ("whole|2024-01", "whole|2024-02")
