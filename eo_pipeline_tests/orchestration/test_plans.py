"""Plans read from a real event log: what is there, under way, without images, and what records tell."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from eo_pipeline.core.estimates.plan import Plan, Wanted
from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.estimates.export_records import finished_exports
from eo_pipeline.orchestration.estimates.plans import Project, make_plan, outcome_of, sample_of
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.stored_submissions import metadata_of
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline_tests.orchestration.event_log import HERE, chain, materialise, record, submission

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings(project="my-project", earth_engine_url="http://here", root="data")
SIDE = 100


def monthly(**more: object) -> Chain:
    """One area of 100 x 100 pixels, two bands, every month from 2024."""
    return chain(Path(), **{"area": {"box": [0, 0, 1000, 1000], "crs": "EPSG:32633", "resolution": 10}, **more})


def months(year: int) -> list[PartitionKey]:
    return [PartitionKey("whole", f"{year}-{month:02d}") for month in range(1, 13)]


def finish(instance: dg.DagsterInstance, made: Chain, partition: str, **took: Any) -> None:
    """A submission, its export and its tiles, as assets and the sensor record them."""
    number = partition.replace("|", "-")
    sent = submission(number, digest=took.pop("digest", "d"), service=took.pop("service", HERE))
    record(instance, made, partition, sent)
    common = {names.DIGEST: sent.digest, names.STATE: sent.state.value, names.REPORTED: sent.identity}
    values = {"EECU-seconds": 100.0, "queue seconds": 5.0, "run seconds": 60.0, **took}
    size = values.pop("bytes", 1000)
    ended = values.pop("ended", "")
    values["operations"] = dg.MetadataValue.json([{"operation": "o", "ended": ended}])
    materialise(instance, made, "export", partition, {**values, **common})
    materialise(instance, made, "tiles", partition, {names.DIGEST: sent.digest, "tiles": 1, "bytes": size})


def plan(instance: dg.DagsterInstance, made: Chain, year: int, *others: Chain, settings: Settings = SETTINGS) -> Plan:
    return make_plan(Project(instance, made, others, settings), months(year), now=NOW)


def test_without_history_only_what_is_exact_is_said(instance: dg.DagsterInstance) -> None:
    found = plan(instance, monthly(), 2024)
    assert found.wanted == Wanted(12, 0, 0, 0)
    assert (found.tiles, found.pixels, found.raw_bytes) == (12, 12 * SIDE * SIDE, 12 * SIDE * SIDE * 2 * 4)
    assert (found.eecu_seconds, found.bytes, found.seconds) == (None, None, None)
    assert found.disk is not None
    assert found.disk.middle == pytest.approx(1.1 * (1 + 4 / 3) * found.raw_bytes)
    assert (found.basis.concurrency, found.basis.concurrency_from) == (2, "assumed")


def test_what_is_there_under_way_or_empty_is_not_paid_again(instance: dg.DagsterInstance) -> None:
    made = monthly()
    finish(instance, made, "whole|2024-01")
    record(instance, made, "whole|2024-02", submission("runs"))
    record(instance, made, "whole|2024-03", submission("", state="no_images"))
    empty = {names.STATE: "no_images", names.REPORTED: f"no_images:{'d' * 40}", names.DIGEST: "d" * 40}
    materialise(instance, made, "export", "whole|2024-03", empty)
    finish(instance, made, "whole|2024-04")
    record(instance, made, "whole|2024-04", submission("", digest="e", state="held"))
    found = plan(instance, made, 2024)
    assert found.wanted == Wanted(partitions=12, there=1, under_way=1, no_images=1)
    assert found.exports == tuple(f"whole|2024-{month:02d}" for month in range(4, 13))


def test_a_year_like_the_last_one_is_expected_to_take_as_much(instance: dg.DagsterInstance) -> None:
    made = monthly()
    for month in range(1, 13):
        finish(instance, made, f"whole|2024-{month:02d}", **{"EECU-seconds": 100.0 + month, "bytes": 1000 * month})
    found = plan(instance, made, 2025)
    assert found.eecu_seconds is not None
    assert found.bytes is not None
    assert found.eecu_seconds.middle == pytest.approx(12 * 100 + 78)
    assert found.bytes.middle == pytest.approx(78_000)
    assert found.basis.records == 12
    assert len(found.each_eecu_seconds) == 12


def test_exports_of_another_service_tell_nothing(instance: dg.DagsterInstance) -> None:
    made = monthly()
    finish(instance, made, "whole|2024-01", service="http://sandbox p")
    found = plan(instance, made, 2024)
    assert (found.wanted, found.basis.records) == (Wanted(12, 0, 0, 0), 0)


def test_products_with_the_same_source_stand_in(instance: dg.DagsterInstance) -> None:
    other = monthly(name="other", area={"box": [0, 0, 500, 1000], "crs": "EPSG:32633", "resolution": 10})
    strange = monthly(name="strange", source={"collection": "local/radar", "bands": ["VV"]})
    for month in range(1, 13):
        finish(instance, other, f"whole|2024-{month:02d}")
        finish(instance, strange, f"whole|2024-{month:02d}", **{"EECU-seconds": 1e6})
    found = plan(instance, monthly(), 2025, other, strange)
    assert found.eecu_seconds is not None
    assert found.eecu_seconds.middle == pytest.approx(12 * 2 * 100)  # twice the pixels
    assert (found.basis.products, found.basis.own, found.basis.records) == (("other",), False, 12)


def test_overlapping_runs_of_all_products_show_how_many_run_at_once(instance: dg.DagsterInstance) -> None:
    made, strange = monthly(), monthly(name="strange", source={"collection": "local/radar", "bands": ["VV"]})
    took = {"run seconds": 60.0, "ended": "2026-01-01T00:01:00Z"}
    finish(instance, made, "whole|2024-01", **took)
    finish(instance, strange, "whole|2024-01", **took)
    finish(instance, strange, "whole|2024-02", **{**took, "ended": "2026-01-01T00:05:00Z"})
    assert plan(instance, made, 2025, strange).basis.concurrency == 2
    limited = Settings(project="my-project", earth_engine_url="http://here", max_concurrent_exports=20)
    basis = plan(instance, made, 2025, strange, settings=limited).basis
    assert (basis.concurrency, basis.concurrency_from) == (20, "EO_MAX_CONCURRENT_EXPORTS")


def test_an_export_s_images_are_those_of_its_submission(instance: dg.DagsterInstance) -> None:
    made = monthly()
    sent = submission("one")
    values = {**metadata_of(sent, place="gs://b"), "images": 7}
    materialise(instance, made, "submission", "whole|2024-01", values)
    materialise(instance, made, "export", "whole|2024-01", {"EECU-seconds": 5.0, names.REPORTED: sent.identity})
    found = finished_exports(instance, made, service=HERE)["whole|2024-01"]
    assert found.record is not None
    assert found.record.work.images == 7
    assert found.record.work.values == 2 * SIDE * SIDE
    assert found.record.bytes is None


def test_an_area_that_is_gone_tells_nothing(instance: dg.DagsterInstance) -> None:
    made = monthly()
    finish(instance, made, "other|2024-01")
    assert finished_exports(instance, made, service=HERE)["other|2024-01"].record is None


def test_only_what_finished_after_a_plan_counts_as_its_outcome(instance: dg.DagsterInstance) -> None:
    made = monthly()
    project = Project(instance, made, (), SETTINGS)
    finish(instance, made, "whole|2024-01")
    found = make_plan(project, months(2024), now=datetime.now(UTC))
    assert outcome_of(project, found).finished == 0
    finish(instance, made, "whole|2024-02", **{"EECU-seconds": 90.0})
    outcome = outcome_of(project, found)
    assert (outcome.finished, outcome.eecu_seconds.actual, outcome.inside) == (1, 90.0, 1)


@pytest.mark.parametrize(
    ("settings", "more", "share"),
    [
        ({"root": "data"}, {"export": {"keep": "always"}}, 1 + 4 / 3),
        ({"root": "data"}, {"cube": {"repository": "cubes/small", "chunk": 256, "shard": 256}}, 1 + 4 / 3 + 1),
        ({"root": "data"}, {"cube": {"repository": "gs://there/small", "chunk": 256, "shard": 256}}, 1 + 4 / 3),
        ({"root": "gs://there"}, {}, (1 + 4 / 3) / 12),
    ],
)
def test_local_disk_follows_from_where_files_go(
    instance: dg.DagsterInstance, settings: dict[str, str], more: dict[str, object], share: float
) -> None:
    found = plan(instance, monthly(**more), 2024, settings=Settings(**settings))  # type: ignore[arg-type]  # texts only
    assert found.disk is not None
    assert found.disk.middle == pytest.approx(1.1 * share * found.raw_bytes)


def test_a_sample_is_of_the_areas_and_periods_that_were_asked_for() -> None:
    found = sample_of(["a", "b"], ["2024-01", "2024-02", "2024-03"], 2)
    assert len(found) == len(set(found)) == 2
    assert {key.period for key in found} <= {"2024-01", "2024-02", "2024-03"}


def test_what_is_fetched_by_interactive_requests_is_no_task(instance: dg.DagsterInstance) -> None:
    found = plan(instance, monthly(export={"route": "auto"}), 2024)
    assert found.wanted == Wanted(12, 0, 0, 0, interactive=12)
    assert (found.exports, found.tiles, found.advice) == ((), 0, ())


def test_a_lost_export_is_made_again(instance: dg.DagsterInstance) -> None:
    made = monthly()
    finish(instance, made, "whole|2024-01")
    sent = submission("whole-2024-01")
    lost = dg.AssetObservation(made.key("export"), partition="whole|2024-01", metadata={names.LOST: sent.identity})
    instance.report_runless_asset_event(lost)
    found = plan(instance, made, 2024)
    assert (found.wanted.there, found.wanted.exports) == (0, 12)
