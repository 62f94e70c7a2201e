"""What was exported and is lost, pressed twice or kept elsewhere: everything becomes green by itself, once."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import rasterio

from eo_pipeline.core.compute.usage import Metered, month_of
from eo_pipeline.earth_engine.metering import meter
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.resources import DriveResource
from eo_pipeline_tests.end_to_end.heights import submissions
from eo_pipeline_tests.end_to_end.keys import service_account_key
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, Pipeline, resources, storage_client
from eo_pipeline_tests.end_to_end.place import (
    BARE,
    MONTH,
    PARTITION,
    Place,
    assert_made,
    parts_of,
    wait_until_ended,
)

TWO_DAYS = 2 * 86_400


def objects(place: Place) -> list[str]:
    with closing(storage_client(place.sandbox.url)) as client:
        return [blob.name for blob in client.list_blobs(BUCKET)]


def delete_by_hand(place: Place) -> None:
    with closing(storage_client(place.sandbox.url)) as client:
        for blob in client.list_blobs(BUCKET):
            blob.delete()


def let_a_rule_delete(place: Place) -> None:
    with closing(storage_client(place.sandbox.url)) as client:
        bucket = client.get_bucket(BUCKET)
        bucket.add_lifecycle_delete_rule(age=1)
        bucket.patch()
        place.sandbox.control("clock", {"tick": TWO_DAYS})
        assert objects(place) == []
        bucket.clear_lifecyle_rules()
        bucket.patch()


@pytest.mark.parametrize("lose", [delete_by_hand, let_a_rule_delete])
def test_tiles_that_were_deleted_before_they_were_collected_are_exported_again(
    place: Place, lose: Callable[[Place], None]
) -> None:
    found = place.pipeline(**BARE)
    daemon = place.daemon(found)
    assert found.materialise("submission", PARTITION).success
    wait_until_ended(place)
    lose(place)
    daemon.work()
    assert daemon.failed == [("tiles", PARTITION)]
    [run] = [run for run in place.instance.get_runs() if not run.is_success]
    [entry] = [
        entry for entry in place.instance.all_logs(run.run_id) if "STEP_FAILURE" in str(entry.dagster_event_type)
    ]
    assert entry.dagster_event is not None
    told = entry.dagster_event.step_failure_data.user_failure_data
    assert told is not None
    assert "nothing is left at gs://" in str(told.description)
    assert [part.generation for part in parts_of(found)] == [2]
    assert [request[-3:] for request in submissions(place.sandbox).values()] == ["-g1", "-g2"]
    for stage in found.chain.stages:
        assert PARTITION in place.instance.get_materialized_partitions(found.chain.key(stage)), stage
    assert place.tick(found).run_requests == []


def test_remote_files_are_deleted_once_their_tiles_are_recorded_and_not_before(place: Place) -> None:
    found = place.pipeline(**BARE, export={"file_dimensions": 256, "delete_remote": True})
    place.sandbox.arm(kind="corrupted", path="/storage/v1/b/.*/o/", method="GET", count=None)
    report = found.run([MONTH])
    assert [stage for stage, _ in report.failed] == ["tiles"]
    assert len(objects(place)) == 1
    place.sandbox.control("faults", method="DELETE")
    assert_made(found, found.run([MONTH]))
    assert objects(place) == []
    assert found.metadata("tiles", PARTITION)["tiles"] == 1
    assert_made(found, found.run([MONTH]))
    assert len(submissions(place.sandbox)) == 1


def test_a_backfill_that_is_pressed_twice_is_one_export(place: Place) -> None:
    place.hold()
    found = place.pipeline(**BARE)
    for _ in range(2):
        assert found.materialise("submission", PARTITION).success
    assert found.metadata("submission", PARTITION)["decision"] == "reattach"
    daemon = place.daemon(found)
    place.release()
    daemon.work()
    assert found.materialise("submission", PARTITION).success
    daemon.work()
    assert daemon.failed == []
    assert len(submissions(place.sandbox)) == 1


@pytest.mark.parametrize("route", ["interactive", "auto"])
def test_a_small_image_comes_without_a_task_and_is_the_same_mosaic(place: Place, route: str) -> None:
    batch = place.pipeline(name="by_task", **BARE)
    assert_made(batch, batch.run([MONTH]))
    assert len(submissions(place.sandbox)) == 1
    found = place.pipeline(name="at_once", **BARE, export={"route": route})
    assert_made(found, found.run([MONTH]))
    assert len(submissions(place.sandbox)) == 1
    sent = found.metadata("submission", PARTITION)
    assert (sent["eo/state"], sent["eo/operation"]) == ("interactive", "")
    assert found.metadata("tiles", PARTITION)["interactive requests"] > 0
    assert_equal(batch, found)


def assert_equal(one: Pipeline, other: Pipeline) -> None:
    """Their mosaics have the same pixels at the same place."""
    with rasterio.open(one.mosaic("whole", MONTH)) as first, rasterio.open(other.mosaic("whole", MONTH)) as second:
        assert (first.transform, first.crs, first.dtypes) == (second.transform, second.crs, second.dtypes)
        np.testing.assert_array_equal(first.read(), second.read())


def test_a_drive_is_a_destination_like_a_bucket(place: Place) -> None:
    bucket = place.pipeline(name="in_bucket", **BARE)
    assert_made(bucket, bucket.run([MONTH]))
    found = place.pipeline(**BARE, export={"destination": "drive", "drive_folder": "heights of months"})
    assert_made(found, found.run([MONTH]))
    assert found.metadata("submission", PARTITION)["eo/place"] == "drive://heights of months"
    assert_equal(bucket, found)
    assert len(submissions(place.sandbox)) == 2
    assert used(place) > 0


def test_a_service_account_is_told_that_it_has_no_drive_before_anything_is_spent(place: Place) -> None:
    plain = place.pipeline(**BARE, export={"destination": "drive"})
    robot = DriveResource(url=place.sandbox.url, credentials=service_account_key(place.sandbox.url).text)
    services = {**resources(place.sandbox.url, plain.root), "drive": robot}
    found = replace(
        plain, definitions=build_definitions([plain.chain.product], resources=services, folder=place.folder)
    )
    [words] = found.run([MONTH]).failed.values()
    assert words.startswith("Google Drive: expected a person's credentials, got those of the account ")
    assert "or export to Cloud Storage" in words
    assert submissions(place.sandbox) == {}
    assert used(place) == 0


def used(place: Place) -> float:
    """EECU-seconds that the project used, as the sandbox's Cloud Monitoring tells."""
    settings = resources(place.sandbox.url, place.folder)["earth_engine"].settings()
    metered = meter(settings, month_of(datetime.now(UTC)))
    assert isinstance(metered, Metered)
    return sum(metered.eecu_seconds.values())
