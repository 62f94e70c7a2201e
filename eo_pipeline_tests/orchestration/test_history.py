"""Dagster's records of single partitions go; of others and of other assets they stay."""

from pathlib import Path

import dagster as dg
import pytest

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger
from eo_pipeline.orchestration.event_log.history import forget
from eo_pipeline.orchestration.event_log.ledger_reader import LedgerReader
from eo_pipeline_tests.orchestration.event_log import materialise, record, submission
from eo_pipeline_tests.orchestration.fields import two_areas
from eo_pipeline_tests.orchestration.test_partition_cache import A, B, C, counted


@pytest.fixture
def made(tmp_path: Path) -> Chain:
    return two_areas(tmp_path)


def test_what_is_forgotten_is_missing_for_dagster_too(instance: dg.DagsterInstance, made: Chain) -> None:
    for stage in ("tiles", "mosaic"):
        for partition in (A, B, C):
            materialise(instance, made, stage, partition)
    assert counted(instance, made, "tiles") == {A, B, C}
    forget(instance, made.key("tiles"), [A, C])
    assert counted(instance, made, "tiles") == {B}
    assert instance.get_materialized_partitions(made.key("tiles")) == {B}
    assert set(ledger.stamps(instance, made.key("tiles"))) == {B}
    assert instance.get_materialized_partitions(made.key("mosaic")) == {A, B, C}
    forget(instance, made.key("tiles"), [A, C])
    materialise(instance, made, "tiles", A)
    assert counted(instance, made, "tiles") == {A, B}


def test_a_reader_that_kept_what_it_read_notices(instance: dg.DagsterInstance, made: Chain) -> None:
    reader, key = LedgerReader(), made.key("submission")
    for partition in (A, B):
        record(instance, made, partition, submission("1"))
    assert [one.partition for one in reader.submissions_after(instance, key, 0)] == [A, B]
    forget(instance, key, [A])
    assert [one.partition for one in reader.submissions_after(instance, key, 0)] == [B]


def test_a_storage_of_another_kind_is_asked_itself(instance: dg.DagsterInstance, made: Chain) -> None:
    asked: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(instance), "event_log_storage", None)
        patch.setattr(type(instance), "wipe_asset_partitions", lambda _, *given: asked.append(given))
        forget(instance, made.key("tiles"), [A])
    assert asked == [(made.key("tiles"), [A])]
