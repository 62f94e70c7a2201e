"""A cube of STAC scenes, from the declaration to late scenes, with Dagster and the sandbox."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.late.sensors import build_late_sensors
from eo_pipeline.orchestration.removing.holdings import Stores
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.scenes.stale import stale_partitions
from eo_pipeline.orchestration.scenes.work import SceneWork, open_work
from eo_pipeline.orchestration.status import product_status
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.steps.cubes.find_stale import StalePartition
from eo_pipeline.storage.cubes import (
    CubeAddress,
    open_cube,
    open_or_create_cube,
    read_history,
    read_ledger,
    straight,
    verify_cube,
)
from eo_pipeline_tests.end_to_end.pipeline import Pipeline
from eo_pipeline_tests.end_to_end.scenes import (
    EAST,
    TILE,
    WEST,
    WIDTH,
    composed,
    declared,
    plain_median,
    write_catalog,
    write_scene,
)
from eo_pipeline_tests.processes import SandboxProcess, end, running_sandbox

MONTHS = ("2024-01", "2024-02")


FIRST = ("2024-01-03", "2024-01-13", "2024-01-23", "2024-02-02", "2024-02-12")
"""Days of scenes that are there from the beginning."""


class Archive:
    """A sandbox over a folder of scenes; it reads the folder as it starts."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.scenes = {day: write_scene(folder, day, seed=seed) for seed, day in enumerate(FIRST)}
        self._catalog = write_catalog(folder)
        self.sandbox = self._started(0)

    def publish(self, day: str, *, seed: int, columns: slice = slice(0, WIDTH)) -> None:
        """One more scene, at the same address."""
        self.scenes[day] = write_scene(self.folder, day, seed=seed, columns=columns)
        port = int(self.sandbox.url.rpartition(":")[2])
        end(self.sandbox.process)
        self.sandbox = self._started(port)

    def median(self, month: str) -> NDArray[np.float32]:
        """Numpy's of the month's scenes (y, x), as the cube stores it."""
        return plain_median([self.scenes[day] for day in self.scenes if day.startswith(month)]).astype(np.float32)

    def _started(self, port: int) -> SandboxProcess:
        found = running_sandbox(self.folder / "sandbox", catalog=self._catalog, port=port)
        return self._stack.enter_context(found)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with ExitStack() as stack:
        yield Archive(tmp_path_factory.mktemp("archive"), stack)


@pytest.fixture(scope="module")
def found(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """The product with both months made; tests follow each other."""
    folder = tmp_path_factory.mktemp("composed")
    (folder / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(folder / "dagster")) as instance:
        made = product(archive, instance, folder / "data")
        report = made.run(MONTHS)
        assert report.failed == {}
        assert {stage: sorted(keys) for stage, keys in report.done.items()} == {
            stage: sorted(f"{area}|{month}" for area in (EAST, WEST) for month in MONTHS)
            for stage in ("inputs", "cube")
        }
        yield made


def product(archive: Archive, instance: dg.DagsterInstance, root: Path, **more: Any) -> Pipeline:
    return composed(declared(**more), url=archive.sandbox.url, root=root, instance=instance, folder=archive.folder)


def address(found: Pipeline) -> CubeAddress:
    return CubeAddress(str(found.root / "cubes" / found.chain.product.name))


def commits(found: Pipeline) -> list[str]:
    return [version.message for version in read_history(address(found))]


def test_slots_hold_the_median_of_each_month(archive: Archive, found: Pipeline) -> None:
    cube = open_cube(address(found)).load()
    for slot, month in enumerate(MONTHS):
        np.testing.assert_array_equal(cube.height[slot].to_numpy(), archive.median(month))
        seen = [pixels for day, pixels in archive.scenes.items() if day.startswith(month)]
        np.testing.assert_array_equal(cube.n_valid[slot], np.sum(np.isfinite(seen), axis=0))


def test_in_plain_zarr_it_holds_what_it_holds_in_icechunk(
    archive: Archive, found: Pipeline, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Composed by workers, cut short before a row of the ledger and made again, measured, asked about, deleted."""
    month, west = "2024-01", f"{WEST}|2024-01"
    told = {**declared("plain")["cube"], "store": "zarr"}
    zones = {"file": "cover.geojson", "id": "name", "of": "cube", "bands": ["height"], "statistics": ["mean", "count"]}
    made = product(archive, instance, tmp_path, name="plain", cube=told, zones=zones)
    plain = CubeAddress(str(tmp_path / "cubes" / "plain"), store="zarr")
    with monkeypatch.context() as cut:
        cut.setattr(straight, "end_row", full)
        [failed] = made.run([month], [WEST]).failed.values()
    cube = open_or_create_cube(plain, open_work_of(made).template)
    assert "Expected room to write the cube" in str(failed)
    assert list(read_ledger(cube)["state"]) == ["failed"]

    assert made.run([month]).failed == {}
    ours, theirs, median = open_cube(plain).load(), open_cube(address(found)).load(), archive.median(month)
    np.testing.assert_array_equal(ours.height[0].to_numpy(), median)
    for band in ("height", "n_obs", "n_valid"):
        np.testing.assert_array_equal(ours[band][0].to_numpy(), theirs[band][0].to_numpy())
    table = pd.read_parquet(made.table(month).with_suffix(".parquet"))
    assert table["height_count"].tolist() == [np.isfinite(median).sum()]
    assert table["height_mean"][0] == pytest.approx(np.nanmean(median.astype(float)), rel=1e-6)
    assert verify_cube(plain, cube.template).findings == ()
    assert stale_of(made, plain, months=[month]) == ()

    assert made.materialise("cube", west).success
    shown = made.metadata("cube", west)
    assert (shown["changed"], shown["shards unchanged"], "snapshot" in shown) == (False, 4, False)
    services = Services(EarthEngineResource(), CloudStorageResource(), DriveResource())
    stores = Stores(made.instance, made.chain, services, Settings(root=str(tmp_path)))
    [held] = [holding for holding in stores.holdings([west]) if holding.kind == "cube"]
    held.delete()
    assert "cube" not in [holding.kind for holding in stores.holdings([west])]
    assert np.isnan(open_cube(plain).height[0, :, :TILE]).all()


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_partition_tells_what_it_is_made_of_and_how(found: Pipeline) -> None:
    inputs, cube = (found.metadata(stage, f"{WEST}|2024-01") for stage in ("inputs", "cube"))
    assert inputs["scenes"] == cube["scenes"] == 3
    assert [record.data["scene"] for record in inputs["table"].records] == ["20240103", "20240113", "20240123"]
    assert (cube["shards made"], cube["shards unchanged"], cube["shards written"]) == (4, 0, 4)
    assert cube["committed"] is True
    assert cube["worker-seconds"] > 0
    for shown in ("picture", "timeline"):
        assert cube[shown].startswith("![")
    assert cube["eo/digest"] == inputs["eo/digest"]


def test_the_product_is_complete_and_its_cube_as_it_should_be(found: Pipeline) -> None:
    status = product_status(found.instance, found.chain)
    assert status.sentence == "composed is complete."
    assert [(stage.stage, stage.done, stage.stale) for stage in status.stages] == [("inputs", 4, 0), ("cube", 4, 0)]


def test_a_second_run_commits_nothing(found: Pipeline) -> None:
    before = commits(found)
    assert found.run(["2024-01"]).failed == {}
    assert commits(found) == before
    assert product_status(found.instance, found.chain).is_complete
    assert found.materialise("cube", f"{WEST}|2024-01").success
    again = found.metadata("cube", f"{WEST}|2024-01")
    assert again["committed"] is False
    assert again["picture"].startswith("![")  # of what is there: a person looks at the last record
    assert commits(found) == before


def test_a_late_scene_is_asked_for_and_only_its_shards_are_made(archive: Archive, found: Pipeline) -> None:
    assert tick(found).run_requests == []
    archive.publish("2024-02-22", seed=9, columns=slice(WIDTH - TILE // 4, WIDTH))
    before = commits(found)
    [stale] = stale_of(found)
    assert (stale.area_key, stale.period_key, len(stale.shards), stale.reason) == (EAST, "2024-02", 2, "1 added")
    asked = tick(found).run_requests or []
    assert [request.partition_key for request in asked] == [f"{EAST}|2024-02"]
    [request] = asked
    job = found.definitions.resolve_job_def(str(request.job_name))
    assert job.execute_in_process(instance=found.instance, partition_key=request.partition_key).success
    assert found.materialise("cube", f"{EAST}|2024-02").success
    told = found.metadata("cube", f"{EAST}|2024-02")
    assert (told["shards made"], told["shards unchanged"]) == (2, 2)
    assert commits(found) == [f"composed {EAST}|2024-02", *before]
    cube = open_cube(address(found)).load()
    for slot, month in enumerate(MONTHS):
        np.testing.assert_array_equal(cube.height[slot].to_numpy(), archive.median(month))
    assert tick(found).run_requests == []
    assert stale_of(found) == ()


def test_files_of_a_folder_are_composed_as_items_of_an_archive_are(
    archive: Archive, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    files = {"files": str(archive.folder / "s_{year}{month}{day}.tif"), "bands": ["height"]}
    made = product(archive, instance, tmp_path, name="of_files", source=files)
    report = made.run(["2024-01"], [WEST])
    assert report.failed == {}
    cube = open_cube(address(made)).load()
    np.testing.assert_array_equal(cube.height[0, :, :TILE].to_numpy(), archive.median("2024-01")[:, :TILE])
    assert made.metadata("inputs", f"{WEST}|2024-01")["scenes"] == 3


def open_work_of(found: Pipeline) -> SceneWork:
    return open_work(found.chain, (found.definitions.resources or {})["scenes"], found.instance)


def stale_of(
    found: Pipeline, where: CubeAddress | None = None, months: Sequence[str] = MONTHS
) -> tuple[StalePartition, ...]:
    """As `eo-pipeline cube stale` finds them."""
    keys = [f"{area}|{month}" for area in (EAST, WEST) for month in months]
    asked = where or address(found)
    told = stale_partitions(found.instance, open_work_of(found), asked, keys, lambda _done, _total: None)
    assert (told.asked, told.made, told.problems) == (len(keys), len(keys), {})
    return told.stale


def tick(found: Pipeline) -> dg.SensorResult:
    """One tick of the sensor, from the beginning of a round."""
    [sensor] = build_late_sensors([found.chain])
    resources = {"scenes": (found.definitions.resources or {})["scenes"]}
    with dg.build_sensor_context(instance=found.instance, resources=resources, cursor=None) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result
