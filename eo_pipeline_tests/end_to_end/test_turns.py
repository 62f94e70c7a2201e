"""A large backfill is submitted in order, whichever of its runs comes first; what fails then is not tried for ever."""

import time

import dagster as dg
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from eo_pipeline.orchestration.submissions.turns import REASON
from eo_pipeline_tests.end_to_end.heights import submissions
from eo_pipeline_tests.end_to_end.pipeline import Pipeline
from eo_pipeline_tests.end_to_end.place import Place, Tick, assert_made

LONG = {"every": "month", "start": "2015-01", "end": "2024-04"}
"""111 months, of which only 2024-01 has an image: more than one run takes."""


def backfill_of(
    found: Pipeline, instance: dg.DagsterInstance, partitions: list[str], *, stage: str = "submission"
) -> str:
    """As the UI makes one of the submissions, or automation one of a later stage."""
    repository = found.definitions.get_repository_def()
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id=f"large-{stage}",
        asset_graph=repository.asset_graph,
        partition_names=partitions,
        asset_selection=[found.chain.key(stage)],
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    instance.add_backfill(backfill)
    return backfill.backfill_id


def end(instance: dg.DagsterInstance, backfill_id: str) -> None:
    """As the daemon does once all its runs have ended."""
    backfill = instance.get_backfill(backfill_id)
    assert backfill is not None
    instance.update_backfill(
        backfill.with_status(BulkActionStatus.COMPLETED_SUCCESS)  # type: ignore[no-untyped-call]  # is not annotated
    )


def submit(found: Pipeline, instance: dg.DagsterInstance, partition: str, **tags: str) -> bool:
    job = found.definitions.resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(
        instance=instance,
        asset_selection=[found.chain.key("submission")],
        partition_key=partition,
        tags={name.replace("__", "/"): value for name, value in tags.items()},
        raise_on_error=False,
    )
    return done.success


def range_of(result: Tick) -> tuple[str, str]:
    [request] = result.run_requests
    return request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"]


def test_runs_of_a_large_backfill_wait_and_are_released_in_order(place: Place) -> None:
    found = place.pipeline(period=LONG)
    months = [key for key in found.chain.by_period.get_partition_keys() if key >= "2015"]
    assert len(months) == 111
    large = backfill_of(found, place.instance, [f"whole|{month}" for month in months])
    for month in ("2024-03", "2024-01", "2024-02"):
        assert submit(found, place.instance, f"whole|{month}", dagster__backfill=large)
        assert found.metadata("submission", f"whole|{month}")["reason"] == f"held back: {REASON}"
    assert submissions(place.sandbox) == {}
    assert not place.tick(found).run_requests, "another of its runs may be before these"
    end(place.instance, large)
    assert range_of(place.tick(found)) == ("whole|2024-01", "whole|2024-03")
    assert_made(found, found.run(["2024-01"]))
    assert range_of(place.tick(found)) == ("whole|2024-02", "whole|2024-03")


def test_of_what_is_in_line_one_rectangle_goes_at_a_time(place: Place) -> None:
    found = place.pipeline(period=LONG)
    everything = [f"whole|{month}" for month in found.chain.by_period.get_partition_keys()]
    large = backfill_of(found, place.instance, everything)
    for month in ("2024-03", "2024-01"):
        assert submit(found, place.instance, f"whole|{month}", dagster__backfill=large)
    end(place.instance, large)
    assert range_of(place.tick(found)) == ("whole|2024-01", "whole|2024-01")


def test_a_backfill_of_what_follows_does_not_hold_up_releases(place: Place) -> None:
    found = place.pipeline(period=LONG)
    everything = [f"whole|{month}" for month in found.chain.by_period.get_partition_keys()]
    large = backfill_of(found, place.instance, everything)
    assert submit(found, place.instance, "whole|2024-01", dagster__backfill=large)
    end(place.instance, large)
    backfill_of(found, place.instance, everything, stage="tiles")
    assert range_of(place.tick(found)) == ("whole|2024-01", "whole|2024-01")


def test_a_small_backfill_does_not_wait(place: Place) -> None:
    found = place.pipeline()
    small = backfill_of(found, place.instance, ["whole|2024-01", "whole|2024-02"])
    assert submit(found, place.instance, "whole|2024-01", dagster__backfill=small)
    assert len(submissions(place.sandbox)) == 1


def test_what_was_held_and_fails_for_good_is_not_released_again(place: Place) -> None:
    found = place.pipeline(period=LONG, source={"collection": "projects/none/assets/none", "bands": ["height"]})
    months = ["2024-01", "2024-02"]
    everything = [f"whole|{month}" for month in found.chain.by_period.get_partition_keys()]
    large = backfill_of(found, place.instance, everything)
    for month in months:
        assert submit(found, place.instance, f"whole|{month}", dagster__backfill=large)
    end(place.instance, large)
    assert range_of(place.tick(found)) == ("whole|2024-01", "whole|2024-02")
    assert not submit(found, place.instance, "whole|2024-01")
    assert range_of(place.tick(found)) == ("whole|2024-02", "whole|2024-02")
    assert not submit(found, place.instance, "whole|2024-02")
    assert not place.tick(found).run_requests
    [event, _] = place.instance.fetch_observations(found.chain.key("export"), limit=2).records
    observation = event.event_log_entry.asset_observation
    assert observation is not None
    assert "projects/none/assets/none" in (observation.description or "")
