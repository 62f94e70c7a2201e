"""Many partitions in one run: what is kept, what is said, and when."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
import yaml

from eo_pipeline.errors import EoPipelineError, ServiceUnreachableError, TilesError
from eo_pipeline.orchestration.fan_out import Made, each_partition, failure, for_all_partitions
from eo_pipeline.orchestration.io_managers import Stored

ROOT = Path(__file__).parents[2]
KEYS = ["a", "b", "c", "d"]
RANGE = {"dagster/asset_partition_range_start": "a", "dagster/asset_partition_range_end": "d"}


def run(
    instance: dg.DagsterInstance,
    make: Callable[[str], Made],
    tags: dict[str, str] | None = None,
    key: str | None = None,
) -> dg.ExecuteInProcessResult:
    @dg.io_manager
    def nowhere(_: dg.InitResourceContext) -> dg.IOManager:
        return dg.InMemoryIOManager()  # type: ignore[no-untyped-call]  # its constructor is not annotated

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(KEYS), backfill_policy=dg.BackfillPolicy.single_run())
    def thing(context: dg.AssetExecutionContext) -> Stored:
        return each_partition(context, make)

    return dg.materialize(
        [thing],
        instance=instance,
        tags=tags,
        partition_key=key,
        resources={"io_manager": nowhere},
        raise_on_error=False,
    )


def recorded(instance: dg.DagsterInstance) -> set[str]:
    return instance.get_materialized_partitions(dg.AssetKey("thing"))


def last(instance: dg.DagsterInstance, key: str) -> dict[str, object]:
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey("thing"), asset_partitions=[key])
    event = instance.fetch_materializations(wanted, limit=1).records[0].asset_materialization
    assert event is not None
    return {name: entry.value for name, entry in event.metadata.items()}


def failing(*keys: str) -> Callable[[str], Made]:
    def make(key: str) -> Made:
        if key in keys:
            raise TilesError(f"tile 7 of {key} is corrupt")
        return Made({"size": len(key)})

    return make


def test_each_partition_is_recorded_before_the_next_one_is_made(instance: dg.DagsterInstance) -> None:
    seen: dict[str, set[str]] = {}

    def make(key: str) -> Made:
        seen[key] = recorded(instance)
        return Made({})

    assert run(instance, make, RANGE).success
    assert seen == {"a": set(), "b": {"a"}, "c": {"a", "b"}, "d": {"a", "b", "c"}}


def test_a_failure_costs_its_own_partition_and_lists_every_one(instance: dg.DagsterInstance) -> None:
    done = run(instance, failing("b", "d"), RANGE)
    assert not done.success
    assert recorded(instance) == {"a", "c"}
    [event] = [e for e in done.all_events if e.is_step_failure]
    told = event.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == (
        "2 of 4 partitions failed; the others are kept.\n- `b`: tile 7 of b is corrupt\n- `d`: tile 7 of d is corrupt"
    )
    assert told.metadata["partitions"].value == 4


def test_a_partition_alone_fails_with_its_own_words(instance: dg.DagsterInstance) -> None:
    done = run(instance, failing("b"), key="b")
    [event] = [e for e in done.all_events if e.is_step_failure]
    assert event.step_failure_data.user_failure_data is not None
    assert event.step_failure_data.user_failure_data.description == "tile 7 of b is corrupt"


def test_dagster_does_not_try_again_what_failed_for_a_known_reason() -> None:
    assert failure({"a": TilesError("x")}, 2).allow_retries is False


@pytest.mark.parametrize("error", [TilesError("tile 7 is corrupt"), ServiceUnreachableError("nobody there")])
@pytest.mark.parametrize("before_all", [False, True])
def test_the_daemon_starts_a_run_again_only_if_what_failed_passes(
    tmp_path: Path, error: EoPipelineError, before_all: bool
) -> None:
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(KEYS), backfill_policy=dg.BackfillPolicy.single_run())
    def thing(context: dg.AssetExecutionContext) -> None:
        def make(_: str) -> Made:
            raise error

        with for_all_partitions(context):
            if before_all:
                raise error
        each_partition(context, make)

    settings = (ROOT / "dagster.yaml").read_text()
    retries = {"run_retries": yaml.safe_load(settings)["run_retries"]}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=retries) as instance:
        done = dg.materialize([thing], instance=instance, tags=RANGE, raise_on_error=False)
        run = instance.get_run_by_id(done.run_id)
        assert run is not None
        assert run.is_complete_and_waiting_to_retry is isinstance(error, ServiceUnreachableError)


def test_a_run_that_dies_keeps_what_it_finished(instance: dg.DagsterInstance) -> None:
    def make(key: str) -> Made:
        if key == "c":
            raise RuntimeError("power cut")
        return Made({})

    assert not run(instance, make, RANGE).success
    assert recorded(instance) == {"a", "b"}


@pytest.mark.parametrize(("tags", "key"), [(RANGE, None), (None, "b")])
def test_metadata_and_pictures_are_shown_with_the_finished_run(
    instance: dg.DagsterInstance, tags: dict[str, str] | None, key: str | None
) -> None:
    def make(made: str) -> Made:
        return Made({"name": made}, {"picture": dg.MetadataValue.md(f"![{made}]()")})

    assert run(instance, make, tags, key).success
    assert last(instance, "b") == {"name": "b", "picture": "![b]()"}


def test_a_partition_alone_is_recorded_once(instance: dg.DagsterInstance) -> None:
    run(instance, failing(), key="b")
    found = instance.fetch_materializations(dg.AssetKey("thing"), limit=10).records
    assert len(found) == 1
