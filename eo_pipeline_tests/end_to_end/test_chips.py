"""Chips of two regions over two periods, from declaration to manifest, on the sandbox."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import dagster as dg
import google_crc32c
import numpy as np
import pytest
import rasterio
import shapely
from rasterio.windows import from_bounds

from eo_pipeline.core.product import Product
from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.checks import build_checks
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.io_managers import ChipsIO
from eo_pipeline.orchestration.pieces.piece_progress import PieceListener
from eo_pipeline.orchestration.run import RunReport
from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.end_to_end.chip_products import (
    COUNT,
    EMPTY,
    MONTHS,
    NAME,
    REGIONS,
    SIZE,
    Maker,
    manifest_of,
    product_of_regions,
    samples_of,
    source_window,
    write_world,
)
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, RESOLUTION, TOP
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, make_bucket, resources
from eo_pipeline_tests.end_to_end.place import Daemon, Place
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

SPLIT: dict[str, Any] = {"split": {"train": 0.5, "test": 0.5}, "split_block": 400}
BROKEN = {"kind": "status", "path": "image:computePixels", "status": 400, "message": "Image.select: broken chip."}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder)
    return folder


@pytest.fixture(scope="module")
def sandbox(world: Path) -> Iterator[SandboxProcess]:
    with running_sandbox(world / "sandbox", catalog=world / "catalog.yaml", speed=100) as found:
        make_bucket(found.url)
        yield found


@pytest.fixture(scope="module")
def finished(world: Path, sandbox: SandboxProcess) -> Iterator[tuple[Maker, Pipeline, RunReport]]:
    """Both regions and months, made once."""
    home = world / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        maker = Maker(world, sandbox.url, world / "data", instance)
        found = maker.chips(**SPLIT)
        yield maker, found, found.run([*MONTHS, EMPTY])


@pytest.fixture
def maker(world: Path, sandbox: SandboxProcess, tmp_path: Path, instance: dg.DagsterInstance) -> Maker:
    """A history and a root of the test's own."""
    return Maker(world, sandbox.url, tmp_path / "data", instance)


type Finished = tuple[Maker, Pipeline, RunReport]


def test_every_stage_holds_every_partition(finished: Finished) -> None:
    maker, found, report = finished
    assert report.failed == {}
    assert {stage: len(done) for stage, done in report.done.items()} == dict.fromkeys(found.chain.stages, 6)
    status = product_status(maker.instance, found.chain)
    assert status.is_complete
    assert {stage.stage: stage.no_images for stage in status.stages if stage.stage != "export"} == {
        "submission": 2,
        "samples": 2,
        "chips": 2,
    }
    assert found.chain.stages == ["submission", "export", "samples", "chips"]


def test_samples_lie_in_their_region_and_are_the_same_in_every_period(finished: Finished) -> None:
    _, found, _ = finished
    for area, region in REGIONS.items():
        first, second = (samples_of(found, area, month) for month in MONTHS)
        assert len(first) == COUNT
        assert shapely.contains_xy(region, *first.to_crs(CRS).geometry.get_coordinates().to_numpy().T).all()
        assert first.equals(second)
        assert (((first["left"] - LEFT) / RESOLUTION) % 1 == 0).all()
        assert (((first["top"] - TOP) / RESOLUTION) % 1 == 0).all()
        assert set(first["split"]) <= {"train", "test"}
    shown = found.metadata("samples", f"east|{MONTHS[0]}")
    assert shown["chips"] == COUNT
    assert shown["map"].startswith("![samples_of_heights east")


def test_chips_are_the_source_pixels_and_the_windows_of_tiles_that_a_task_exported(finished: Finished) -> None:
    maker, found, _ = finished
    batch = maker.tiles()
    assert batch.run(MONTHS).failed == {}
    compared = 0
    for area, month in product(REGIONS, MONTHS):
        manifest = manifest_of(found, area, month)
        assert manifest["state"].tolist() == ["written"] * COUNT
        with rasterio.open(batch.mosaic(area, month)) as tile:
            for row in manifest.itertuples():
                with rasterio.open(row.file) as chip:
                    pixels = chip.read(1)
                    assert (chip.crs, chip.shape, chip.res) == (tile.crs, (SIZE, SIZE), tile.res)
                    assert (chip.bounds.left, chip.bounds.top) == (row.left, row.top)
                    window = from_bounds(*chip.bounds, tile.transform)
                np.testing.assert_array_equal(pixels, source_window(maker.world, month, row.left, row.top))
                exported = tile.read(1, window=window, boundless=True, fill_value=np.nan)
                inside = ~np.isnan(exported)
                np.testing.assert_array_equal(pixels[inside], exported[inside])
                compared += int(inside.sum())
    assert compared > 0.8 * len(REGIONS) * len(MONTHS) * COUNT * SIZE * SIZE


def test_a_manifest_tells_when_and_where_and_what_every_file_is(finished: Finished) -> None:
    _, found, _ = finished
    samples, manifest = samples_of(found, "west", "2024-02"), manifest_of(found, "west", "2024-02")
    assert manifest["id"].tolist() == samples["id"].tolist()
    assert manifest["split"].tolist() == samples["split"].tolist()
    assert set(manifest["time_start"].astype(str)) == {"2024-02-01 00:00:00+00:00"}
    assert set(manifest["time_end"].astype(str)) == {"2024-03-01 00:00:00+00:00"}
    for row in manifest.itertuples():
        content = row.file.read_bytes()
        assert len(content) == row.bytes
        assert base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode() == row.crc32c
        assert row.geometry.contains(samples.set_index("id").geometry[row.id])


def test_a_run_shows_its_chips_and_counts_its_requests(finished: Finished) -> None:
    _, found, _ = finished
    shown = found.metadata("chips", "west|2024-02")
    assert (shown["chips"], shown["written"], shown["failed"]) == (COUNT, COUNT, 0)
    assert shown["interactive requests"] >= COUNT
    assert shown["first chips"].startswith("![samples_of_heights west")
    assert shown["bytes"] == manifest_of(found, "west", "2024-02")["bytes"].sum()
    assert "interactive requests" not in found.metadata("chips", f"west|{EMPTY}")


def test_a_month_without_images_has_an_empty_manifest(finished: Finished) -> None:
    _, found, _ = finished
    assert len(manifest_of(found, "east", EMPTY)) == 0
    assert len(samples_of(found, "east", EMPTY)) == 0


def test_what_is_made_is_neither_asked_for_nor_made_again(finished: Finished) -> None:
    maker, found, _ = finished
    before = maker.instance.get_runs_count()
    assert found.run(MONTHS).failed == {}
    runs = maker.instance.get_runs(limit=maker.instance.get_runs_count() - before)
    assert {key.path[-1] for run in runs for key in run.asset_selection or ()} <= {"submission"}


def test_a_check_finds_the_chip_that_is_gone_and_a_run_brings_only_it_back(finished: Finished) -> None:
    _, found, _ = finished
    assert checked(found) == (True, "48 chips of 6 partitions are accounted for.")
    lost = manifest_of(found, "east", MONTHS[0]).iloc[3]
    content = lost.file.read_bytes()
    lost.file.unlink()
    passed, words = checked(found)
    assert (passed, words) == (False, "1 of 6 partitions are not as their manifests say.")
    assert found.materialise("chips", f"east|{MONTHS[0]}").success
    assert found.metadata("chips", f"east|{MONTHS[0]}")["were there already"] == COUNT - 1
    assert checked(found)[0]
    assert lost.file.read_bytes() == content


def checked(found: Pipeline) -> tuple[bool, str]:
    """What the check of the manifests says."""
    _, manifest = build_checks(found.chain)
    io = ChipsIO(Settings(root=str(found.root)))
    job = dg.Definitions(asset_checks=[manifest], resources={"chips_io": io}).resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(instance=found.instance)
    [evaluation] = done.get_asset_check_evaluations()
    return evaluation.passed, evaluation.description or ""


def test_a_broken_chip_costs_itself_and_is_named_where_it_is_tolerated(maker: Maker, sandbox: SandboxProcess) -> None:
    sandbox.arm(**BROKEN, after=3)
    found = maker.chips(tolerance=0.1)
    assert found.run([MONTHS[0]], ["west"]).failed == {}
    manifest = manifest_of(found, "west", MONTHS[0])
    [lost] = manifest[manifest["state"] == "failed"].itertuples()
    assert "broken chip" in lost.problem
    assert lost.file is None
    assert (manifest["state"] == "written").sum() == COUNT - 1
    shown = found.metadata("chips", f"west|{MONTHS[0]}")
    assert shown["failed"] == 1
    assert shown["failures"].records[0].data["chip"] == lost.id


def test_more_failures_than_tolerated_are_told_and_only_they_are_asked_for_again(
    maker: Maker, sandbox: SandboxProcess
) -> None:
    sandbox.arm(**BROKEN, after=3)
    found = maker.chips()
    report = found.run([MONTHS[0]])
    [(stage, partition)] = report.failed
    assert stage == "chips"
    words = report.failed[stage, partition]
    assert f"expected {COUNT} chips" in words
    assert "got 1 that could not be cut (8.33%, tolerated are 0.00%)" in words
    area = partition.partition("|")[0]
    assert not (found.root / "samples_of_heights" / "chips" / area / f"{MONTHS[0]}.parquet").exists()
    assert found.run([MONTHS[0]]).failed == {}
    assert found.metadata("chips", partition)["were there already"] == COUNT - 1
    assert found.metadata("chips", partition)["interactive requests"] <= 3


def test_other_samples_are_cut_once_the_declaration_says_so(maker: Maker) -> None:
    maker.chips(count=3).run([MONTHS[0]], ["west"])
    changed = maker.chips(count=4, split={"all": 1.0}, split_block=500)
    assert "expected samples of today's declaration and export, got none or earlier ones; materialise" in failure(
        changed, "chips", f"west|{MONTHS[0]}"
    )
    status = {stage.stage: stage.stale for stage in product_status(maker.instance, changed.chain).stages}
    assert status == {"submission": 0, "export": 0, "samples": 1, "chips": 1}
    assert changed.run([MONTHS[0]], ["west"]).failed == {}
    manifest = manifest_of(changed, "west", MONTHS[0])
    assert len(manifest) == 4
    [folder] = (changed.root / "samples_of_heights" / "chips" / "west" / MONTHS[0]).iterdir()
    assert {file.name for file in folder.glob("*.tif")} == {Path(file).name for file in manifest["file"]}


def failure(found: Pipeline, stage: str, partition: str) -> str:
    """Why a stage of a partition fails."""
    result = found.materialise(stage, partition)
    [event] = [event for event in result.all_events if event.is_step_failure]
    said = event.step_failure_data.user_failure_data
    assert said is not None
    return str(said.description)


def test_chips_are_of_the_image_that_was_submitted_or_none(maker: Maker) -> None:
    assert maker.chips(count=2).run([MONTHS[0]], ["west"]).failed == {}
    declared = product_of_regions(NAME, chips={"count": 2, "size": SIZE})
    changed = maker.pipeline({**declared, "composite": {"reducer": "max"}})
    words = failure(changed, "chips", f"west|{MONTHS[0]}")
    assert "expected the recipe and images of its submission, but they changed since; materialise" in words
    assert changed.run([MONTHS[0]], ["west"]).failed == {}


def test_whoever_listens_hears_how_far_a_partition_is(maker: Maker) -> None:
    heard: list[str] = []
    product = Product.model_validate(product_of_regions(NAME, chips={"count": COUNT, "size": SIZE}))
    given = {**resources(maker.url, maker.root), "piece_listener": PieceListener(heard.append)}
    definitions = build_definitions([product], resources=given, folder=maker.world)
    found = replace(maker.chips(), definitions=definitions)
    assert found.run([MONTHS[0]], ["west"]).failed == {}
    assert heard[-1].startswith(f"west|{MONTHS[0]}: {COUNT} of {COUNT} chips")


def test_a_product_that_spent_its_compute_waits_with_its_chips(maker: Maker) -> None:
    declared = product_of_regions(NAME, chips={"count": 2, "size": SIZE}, budget={"eecu_hours_a_month": 0})
    found = maker.pipeline(declared)
    assert found.materialise("submission", f"west|{MONTHS[0]}").success
    shown = found.metadata("submission", f"west|{MONTHS[0]}")
    assert shown["state"] == "held"
    assert "EECU-hours" in shown["reason"]


def test_the_daemon_brings_samples_and_chips_about_by_itself(maker: Maker, sandbox: SandboxProcess) -> None:
    found = maker.chips(count=2)
    daemon = Daemon(Place(maker.world, sandbox, maker.instance, Path(maker.root)), found)
    assert found.materialise("submission", f"west|{MONTHS[0]}").success
    daemon.work()
    assert daemon.failed == []
    assert manifest_of(found, "west", MONTHS[0])["state"].tolist() == ["written"] * 2
