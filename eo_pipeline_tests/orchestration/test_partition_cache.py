"""A partition that Dagster's cache lost is found again."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import AssetMaterializationPlannedData, DagsterEvent, DagsterEventType
from dagster._core.loader import LoadingContextForTest
from dagster._core.storage.event_log.base import AssetRecord
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log.partition_cache import mend_caches
from eo_pipeline_tests.orchestration.event_log import materialise
from eo_pipeline_tests.orchestration.fields import EAST, MONTHS, WEST, two_areas

FIRST, LAST = MONTHS
A, B, C = f"{WEST}|{FIRST}", f"{EAST}|{FIRST}", f"{WEST}|{LAST}"


@pytest.fixture
def made(tmp_path: Path) -> Chain:
    return two_areas(tmp_path)


def counted(instance: dg.DagsterInstance, made: Chain, stage: str, at: LoadingContextForTest | None = None) -> set[str]:
    """What Dagster's UI and automation take for materialised, as of the record that `at` has read."""
    partitions = made.partitions(stage)
    cached = get_and_update_asset_status_cache_value(instance, made.key(stage), partitions, loading_context=at)
    assert cached is not None
    return set(cached.deserialize_materialized_partition_subsets(partitions).get_partition_keys())


def plan(instance: dg.DagsterInstance, made: Chain, stage: str, partition: str) -> None:
    """What a run stores before it makes a partition."""
    data = AssetMaterializationPlannedData(made.key(stage), partition)
    kind = DagsterEventType.ASSET_MATERIALIZATION_PLANNED.value
    instance.report_dagster_event(DagsterEvent(kind, "job", event_specific_data=data), "another run")


def lose(instance: dg.DagsterInstance, made: Chain, stage: str, partition: str, *, planned: str) -> None:
    """Dagster reads the asset's record; a partition is made, another planned; Dagster goes on."""
    before = LoadingContextForTest(instance)
    AssetRecord.blocking_get(before, made.key(stage))
    materialise(instance, made, stage, partition)
    plan(instance, made, stage, planned)
    assert partition not in counted(instance, made, stage, before)


@pytest.mark.parametrize(("stage", "first", "lost"), [("mosaic", A, B), ("zonal_stats", FIRST, LAST)])
def test_a_lost_partition_is_counted_again(
    instance: dg.DagsterInstance, made: Chain, stage: str, first: str, lost: str
) -> None:
    materialise(instance, made, stage, first)
    assert counted(instance, made, stage) == {first}
    lose(instance, made, stage, lost, planned=first)
    assert counted(instance, made, stage) == {first}
    checked, mended = mend_caches(instance, [made], {})
    assert mended == [f"small/{stage}"]
    assert checked == {}
    assert counted(instance, made, stage) == {first, lost}
    assert mend_caches(instance, [made], checked)[1] == []


def test_a_cache_that_was_checked_is_not_checked_again_until_it_moves(
    instance: dg.DagsterInstance, made: Chain
) -> None:
    materialise(instance, made, "mosaic", A)
    counted(instance, made, "mosaic")
    checked, mended = mend_caches(instance, [made], {})
    assert (list(checked), mended) == (["small/mosaic"], [])
    lose(instance, made, "mosaic", B, planned=C)
    assert mend_caches(instance, [made], checked)[1] == ["small/mosaic"]


def test_what_is_no_partition_any_more_is_not_missed(instance: dg.DagsterInstance, made: Chain) -> None:
    materialise(instance, made, "mosaic", A)
    materialise(instance, made, "mosaic", "E0099N0000|2024-01")
    assert counted(instance, made, "mosaic") == {A}
    assert mend_caches(instance, [made], {})[1] == []


def test_what_was_made_after_the_cache_is_not_missed(instance: dg.DagsterInstance, made: Chain) -> None:
    materialise(instance, made, "mosaic", A)
    counted(instance, made, "mosaic")
    materialise(instance, made, "mosaic", B)
    assert mend_caches(instance, [made], {})[1] == []
