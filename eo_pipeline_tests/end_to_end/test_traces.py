"""Service, ledger and bucket lose a partition's traces: nothing is exported twice, nothing is skipped."""

import shutil
from pathlib import Path

import dagster as dg

from eo_pipeline.orchestration.event_log.stored_submissions import read_parts
from eo_pipeline_tests.end_to_end.heights import (
    submissions,
)
from eo_pipeline_tests.end_to_end.pipeline import make_bucket
from eo_pipeline_tests.end_to_end.place import MONTH, PARTITION, Place, assert_made, port_of, state_of
from eo_pipeline_tests.processes import running_sandbox


def test_another_service_gets_its_own_exports_and_the_first_ones_are_left_alone(place: Place, tmp_path: Path) -> None:
    place.hold()
    first = place.pipeline()
    assert first.materialise("submission", PARTITION).success
    with running_sandbox(tmp_path / "second", catalog=tmp_path / "catalog.yaml", speed=100) as other:
        make_bucket(other.url)
        second = place.pipeline(sandbox=other)
        assert_made(second, second.run([MONTH]))
        assert len(submissions(other)) == 1
        at_other = Place(place.folder, other, place.instance)
        assert at_other.tick(second).events == []
    assert state_of(place) == ["PENDING"]
    place.release()
    assert_made(first, first.run([MONTH]))
    assert state_of(place) == ["SUCCEEDED"]


def test_deleting_every_run_makes_everything_again_and_exports_nothing(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    for run in place.instance.get_runs():
        place.instance.delete_run(run.run_id)
    assert place.instance.get_materialized_partitions(found.chain.key("tiles")) == set()
    assert_made(found, found.run([MONTH]))
    assert len(submissions(place.sandbox)) == 1


def test_deleting_the_run_of_a_pending_export_finds_it_again(place: Place) -> None:
    place.hold()
    found = place.pipeline()
    made = found.materialise("submission", PARTITION)
    place.instance.delete_run(made.run_id)
    place.release()
    assert_made(found, found.run([MONTH]))
    assert len(submissions(place.sandbox)) == 1


def test_a_new_instance_makes_everything_again_and_exports_nothing(place: Place, tmp_path: Path) -> None:
    first = place.pipeline()
    assert_made(first, first.run([MONTH]))
    commit = first.metadata("cube", PARTITION)["snapshot"]
    (tmp_path / "new").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "new")) as wiped:
        again = place.pipeline(instance=wiped)
        assert_made(again, again.run([MONTH]))
        assert again.metadata("submission", PARTITION)["decision"] == "reuse"
        assert again.metadata("cube", PARTITION)["snapshot"] == commit
    assert len(submissions(place.sandbox)) == 1


def test_objects_alone_are_trace_enough(place: Place, tmp_path: Path) -> None:
    """A new instance, and a service that has forgotten its operations: the bucket still holds the tiles."""
    first = place.pipeline()
    assert_made(first, first.run([MONTH]))
    place.sandbox.process.terminate()
    place.sandbox.process.wait(15)
    shutil.rmtree(place.sandbox.data / "operations")
    (tmp_path / "new").mkdir()
    with (
        running_sandbox(place.sandbox.data, catalog=tmp_path / "catalog.yaml", port=port_of(place.sandbox)) as sandbox,
        dg.DagsterInstance.local_temp(str(tmp_path / "new")) as wiped,
    ):
        again = place.pipeline(sandbox=sandbox, instance=wiped)
        assert_made(again, again.run([MONTH]))
        assert again.metadata("submission", PARTITION)["decision"] == "reuse_objects"
        assert len(submissions(sandbox)) == 1


def test_resubmit_exports_once_more(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    assert_made(found, found.run([MONTH], resubmit=True))
    [part] = read_parts(found.metadata("submission", PARTITION))
    assert part.generation == 2
    _, second = submissions(place.sandbox)
    assert found.metadata("export", PARTITION)["eo/reported"] == second
    assert_made(found, found.run([MONTH]))
    assert [request[-3:] for request in submissions(place.sandbox).values()] == ["-g1", "-g2"]


def test_a_mosaic_can_be_made_again_although_its_tiles_are_gone(place: Place) -> None:
    found = place.pipeline()
    assert_made(found, found.run([MONTH]))
    before = found.mosaic("whole", MONTH).read_bytes()
    assert found.materialise("mosaic", PARTITION).success
    assert found.mosaic("whole", MONTH).read_bytes() == before
    assert found.metadata("mosaic", PARTITION)["eo/state"] == "written"
