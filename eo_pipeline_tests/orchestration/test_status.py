"""How far a product is, counted in a real event log."""

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.checks import build_checks
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.event_log.stored_submissions import metadata_of
from eo_pipeline.orchestration.resources import CloudStorageResource
from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.end_to_end.pipeline import resources
from eo_pipeline_tests.orchestration.event_log import chain, materialise, record, submission
from eo_pipeline_tests.orchestration.fields import EAST, MONTHS, WEST, two_areas

EMPTY = {"eo/state": "no_images"}
WRITTEN = {"eo/state": "written"}


@pytest.fixture
def made(tmp_path: Path) -> Chain:
    return two_areas(tmp_path)


def counts(instance: dg.DagsterInstance, made: Chain) -> dict[str, tuple[int, int, int, int]]:
    status = product_status(instance, made)
    return {s.stage: (s.wanted, s.done, s.no_images, s.failed) for s in status.stages}


def test_a_new_product_has_everything_before_it(instance: dg.DagsterInstance, made: Chain) -> None:
    assert counts(instance, made) == {
        **dict.fromkeys(("submission", "export", "tiles", "mosaic"), (4, 0, 0, 0)),
        "zonal_stats": (2, 0, 0, 0),
        "cube": (4, 0, 0, 0),
    }


def test_partitions_are_counted_once_with_those_without_images(instance: dg.DagsterInstance, made: Chain) -> None:
    for _ in range(2):
        materialise(instance, made, "mosaic", f"{WEST}|2024-01", WRITTEN)
    materialise(instance, made, "tiles", f"{EAST}|2024-01", EMPTY)
    materialise(instance, made, "mosaic", f"{EAST}|2024-01", EMPTY)
    assert counts(instance, made)["mosaic"] == (4, 2, 1, 0)


def test_the_newest_state_counts(instance: dg.DagsterInstance, made: Chain) -> None:
    materialise(instance, made, "tiles", f"{WEST}|2024-01", EMPTY)
    assert counts(instance, made)["tiles"] == (4, 1, 1, 0)
    materialise(instance, made, "tiles", f"{WEST}|2024-01", WRITTEN)
    assert counts(instance, made)["tiles"] == (4, 1, 0, 0)


def stale(instance: dg.DagsterInstance, made: Chain) -> dict[str, int]:
    return {s.stage: s.stale for s in product_status(instance, made).stages if s.stale}


def test_what_is_older_than_what_it_is_made_of_is_stale(instance: dg.DagsterInstance, made: Chain) -> None:
    for stage in ("tiles", "mosaic", "cube"):
        materialise(instance, made, stage, f"{WEST}|2024-01", WRITTEN)
    assert stale(instance, made) == {}
    materialise(instance, made, "tiles", f"{WEST}|2024-01", WRITTEN)
    assert stale(instance, made) == {"mosaic": 1}
    materialise(instance, made, "mosaic", f"{WEST}|2024-01", WRITTEN)
    assert stale(instance, made) == {"cube": 1}


def test_an_export_that_another_submission_replaced_is_stale(instance: dg.DagsterInstance, made: Chain) -> None:
    sent = metadata_of(submission("A"), place="gs://tiles")
    materialise(instance, made, "submission", f"{WEST}|2024-01", sent)
    materialise(instance, made, "export", f"{WEST}|2024-01", {"eo/reported": "projects/p/operations/A"})
    assert stale(instance, made) == {}
    again = metadata_of(submission("B", digest="e"), place="gs://tiles")
    materialise(instance, made, "submission", f"{WEST}|2024-01", again)
    assert stale(instance, made) == {"export": 1}


def test_statistics_of_other_zones_are_stale(instance: dg.DagsterInstance, made: Chain) -> None:
    version = {"eo/zones_version": made.zones_version()}
    materialise(instance, made, "zonal_stats", "2024-01", version)
    assert stale(instance, made) == {}
    assert made.zones_file is not None
    made.zones_file.write_bytes(made.zones_file.read_bytes() + b" ")
    assert stale(instance, made) == {"zonal_stats": 1}
    materialise(instance, made, "zonal_stats", "2024-01", {"eo/zones_version": made.zones_version()})
    assert stale(instance, made) == {}
    materialise(instance, made, "mosaic", f"{EAST}|2024-01", WRITTEN)
    assert stale(instance, made) == {"zonal_stats": 1}


def test_mosaics_that_were_made_in_another_way_are_stale(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    plain, averaged = two_areas(tmp_path), two_areas(tmp_path, mosaic={"overlap": "mean"})
    for stage in ("tiles", "mosaic"):
        materialise(instance, plain, stage, f"{WEST}|2024-01", WRITTEN)
    assert stale(instance, plain) == {}, "what earlier times recorded is of a product that says nothing"
    assert stale(instance, averaged) == {"mosaic": 1}
    version = {"eo/mosaic_version": averaged.mosaic_version()}
    materialise(instance, averaged, "mosaic", f"{WEST}|2024-01", {**WRITTEN, **version})
    assert stale(instance, averaged) == {}
    assert stale(instance, two_areas(tmp_path, mosaic={"overlap": "last"})) == {"mosaic": 1}


def test_statistics_by_other_weights_or_of_another_rule_are_another_version(made: Chain, tmp_path: Path) -> None:
    weights = tmp_path / "people.tif"
    weights.write_bytes(b"few")
    weighed = replace(made, weights_file=weights)
    few = weighed.zones_version()
    assert few != made.zones_version()
    weights.write_bytes(b"many")
    assert weighed.zones_version() != few
    assert made.product.zones is not None
    zones = made.product.zones.model_copy(update={"rule": "fractional"})
    other = replace(made, product=made.product.model_copy(update={"zones": zones}))
    assert other.zones_version() != made.zones_version()


def test_partitions_of_an_area_that_is_gone_do_not_count(instance: dg.DagsterInstance, made: Chain) -> None:
    materialise(instance, made, "mosaic", "E0009N0009|2024-01", WRITTEN)
    assert counts(instance, made)["mosaic"] == (4, 0, 0, 0)


def test_what_failed_is_counted_until_it_is_made(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    made = chain()
    definitions = build_definitions(
        [made.product],
        resources={**resources("http://127.0.0.1:9", tmp_path), "cloud_storage": CloudStorageResource(bucket="b")},
    )
    job = definitions.resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(
        instance=instance, asset_selection=[made.key("tiles")], partition_key="whole|2024-01", raise_on_error=False
    )
    assert not done.success
    assert counts(instance, made)["tiles"][1:] == (0, 0, 1)
    materialise(instance, made, "tiles", "whole|2024-01")
    assert counts(instance, made)["tiles"][1:] == (1, 0, 0)


def test_a_person_is_told_what_is_behind(instance: dg.DagsterInstance, made: Chain) -> None:
    materialise(instance, made, "submission", f"{WEST}|2024-01")
    status = product_status(instance, made)
    assert not status.is_complete
    assert status.missing == 4 * 5 + 2 - 1
    assert status.sentence == (
        "small is not complete: submission 1/4, export 0/4, tiles 0/4, mosaic 0/4, zonal_stats 0/2, cube 0/4."
    )
    assert "| submission | 4 | 1 | 0 | 0 | 0 | 0 |" in status.markdown
    assert "Held back" not in status.markdown


def test_a_check_of_the_product_passes_when_everything_is_there(instance: dg.DagsterInstance, made: Chain) -> None:
    check, *_ = build_checks(made)
    assert next(iter(check.check_keys)).asset_key == made.key("cube")
    assert not evaluated(check, instance)
    for month in MONTHS:
        for area in (WEST, EAST):
            sent = submission(area)
            materialise(instance, made, "submission", f"{area}|{month}", metadata_of(sent, place="gs://tiles"))
            materialise(instance, made, "export", f"{area}|{month}", {"eo/reported": sent.identity})
            for stage in ("tiles", "mosaic", "cube"):
                materialise(instance, made, stage, f"{area}|{month}")
        materialise(instance, made, "zonal_stats", month, {"eo/zones_version": made.zones_version()})
    assert product_status(instance, made).sentence == "small is complete."
    assert evaluated(check, instance)


def evaluated(check: dg.AssetChecksDefinition, instance: dg.DagsterInstance) -> bool:
    definitions = dg.Definitions(asset_checks=[check])
    job = definitions.resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(instance=instance)
    [evaluation] = done.get_asset_check_evaluations()
    return evaluation.passed


def test_what_is_held_back_is_told_with_its_reason_and_is_not_done(instance: dg.DagsterInstance, made: Chain) -> None:
    record(instance, made, f"{WEST}|2024-01", submission("A"))
    for month in MONTHS:
        record(instance, made, f"{EAST}|{month}", submission("", state="held", generation=0))
    status = product_status(instance, made)
    sent = next(stage for stage in status.stages if stage.stage == "submission")
    assert (sent.wanted, sent.done, sent.held, sent.failed, sent.behind) == (4, 1, 2, 0, 3)
    assert not status.is_complete
    told = f"Held back 2 ({EAST}|2024-01, {EAST}|2024-02): the queue is full"
    assert status.held_sentences == (told,)
    assert "| submission | 4 | 1 | 0 | 0 | 2 | 0 |" in status.markdown
    assert status.markdown.endswith(f"\n\n- {told}")
    for month in MONTHS:
        record(instance, made, f"{EAST}|{month}", submission("B"))
    assert product_status(instance, made).held_sentences == ()


def test_an_export_that_failed_counts_although_no_run_tells(instance: dg.DagsterInstance, made: Chain) -> None:
    sent = submission("A")
    record(instance, made, f"{WEST}|2024-01", sent)
    record(instance, made, f"{EAST}|2024-01", submission("B"))
    said = {"eo/reported": sent.identity, "error": "Permission denied"}
    seen = dg.AssetObservation(made.key("export"), partition=f"{WEST}|2024-01", metadata=said)
    instance.report_runless_asset_event(seen)
    assert counts(instance, made)["export"] == (4, 0, 0, 1)
    record(instance, made, f"{WEST}|2024-01", submission("C", generation=2))
    assert counts(instance, made)["export"] == (4, 0, 0, 0)
