"""A cube's checks and jobs in Dagster, on a cube that is there, that is damaged, and that is not there yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
import zarr

from eo_pipeline.core.cubes.cube_ledger import Provenance
from eo_pipeline.core.cubes.cube_region import region_of
from eo_pipeline.core.cubes.store_kind import StoreKind
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.cubes.templates import cube_rule, cube_template
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.resources import DataRootResource
from eo_pipeline.storage.cubes import (
    CubeAddress,
    extend_time,
    open_or_create_cube,
    read_history,
    read_releases,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.opening import open_repository
from eo_pipeline_tests.orchestration.fields import MONTHS, TILE, WEST, sections, two_areas
from eo_pipeline_tests.storage.cubes.examples import write_region

CHECKS = ["alignment", "ledger", "nodata", "range", "structure"]


@dataclass(frozen=True)
class Looked:
    """A product's cube, and Dagster around it."""

    chain: Chain
    definitions: dg.Definitions
    instance: dg.DagsterInstance
    address: CubeAddress

    def write(self, value: float) -> None:
        """January of the western area, all one value."""
        declared = self.chain.product.cube
        assert declared is not None
        cube = open_or_create_cube(
            self.address, cube_template(self.chain, declared, cube_rule(self.chain, self.instance))
        )
        period = self.chain.period(MONTHS[0])
        extend_time(cube, period)
        pixels = np.full((TILE, TILE), value, np.float32)
        told = Provenance(
            "small", f"{WEST}|{MONTHS[0]}", f"inputs {value}", "0", "run", datetime(2026, 1, 1, tzinfo=UTC)
        )
        region = region_of(cube.template, self.chain.areas[WEST].geobox)
        write_region(
            cube, period, region, lambda _band, rows, columns: pixels[rows, columns], area_key=WEST, provenance=told
        )

    def checks(self) -> dict[str, dg.AssetCheckEvaluation]:
        """What every check of the cube says, but that of completeness."""
        key = self.chain.key("cube")
        graph = self.definitions.resolve_asset_graph()
        keys = [check for check in graph.asset_check_keys if check.asset_key == key and check.name != "complete"]
        job = dg.define_asset_job("look", selection=dg.AssetSelection.checks(*keys))
        resolved = job.resolve(asset_graph=graph, resource_defs=dict(self.definitions.resources or {}))
        result = resolved.execute_in_process(instance=self.instance)
        return {found.check_name: found for found in result.get_asset_check_evaluations()}

    def job(self, what: str, /, **config: Any) -> dg.ExecuteInProcessResult:
        """A run of one of the jobs."""
        job = self.definitions.resolve_job_def(f"small_cube_{what}")
        return job.execute_in_process(
            instance=self.instance,
            run_config={"ops": {f"small_cube_{what}_op": {"config": config}}},
            raise_on_error=False,
        )

    def said(self, result: dg.ExecuteInProcessResult) -> str:
        """What a run logged, and why it failed."""
        failed = [event.step_failure_data for event in result.all_events if event.is_step_failure]
        words = [str(f.user_failure_data.description) for f in failed if f.user_failure_data is not None]
        return "\n".join([*(entry.user_message for entry in self.instance.all_logs(result.run_id)), *words])


def look_at(folder: Path, instance: dg.DagsterInstance, store: StoreKind) -> Looked:
    chain = two_areas(folder, cube={**sections()["cube"], "store": store})
    root = DataRootResource(root=str(folder / "data"))
    definitions = build_definitions([chain.product], resources={"data_root": root}, folder=folder)
    return Looked(chain, definitions, instance, CubeAddress(str(folder / "data" / "cubes" / "small"), store=store))


@pytest.fixture
def looked(tmp_path: Path, instance: dg.DagsterInstance) -> Looked:
    return look_at(tmp_path, instance, "icechunk")


@pytest.fixture
def plain(tmp_path: Path, instance: dg.DagsterInstance) -> Looked:
    return look_at(tmp_path, instance, "zarr")


@contextmanager
def outside(looked: Looked) -> Iterator[zarr.Group]:
    """A commit by somebody who keeps no ledger."""
    session = open_repository(looked.address).writable_session("main")
    yield zarr.open_group(session.store, mode="r+")
    session.commit("by hand")


def snapshots(looked: Looked) -> list[str]:
    return [version.snapshot for version in read_history(looked.address)]


def test_a_cube_that_is_as_it_should_be_passes_every_check(looked: Looked) -> None:
    looked.write(7)
    found = looked.checks()
    assert sorted(found) == CHECKS
    assert all(each.passed for each in found.values()), [each.description for each in found.values()]
    assert found["ledger"].description == "As it should be: 1 slots, 1 stored shards."
    assert found["nodata"].metadata["nodata of B4"].value == 0
    again = looked.checks()
    assert again["ledger"].description == "As it should be; no slot was written to since all checks passed."


def test_before_anything_is_written_nothing_is_wrong(looked: Looked) -> None:
    found = looked.checks()
    assert {each.description for each in found.values()} == {"Nothing is written yet."}
    assert all(each.passed for each in found.values())


def test_pixels_that_the_ledger_does_not_know_fail_its_check_alone(looked: Looked) -> None:
    looked.write(7)
    with outside(looked) as group:
        array_at(group, "B4")[0, :, TILE:] = 9
    found = looked.checks()
    assert {name for name, each in found.items() if not each.passed} == {"ledger"}
    assert found["ledger"].severity is dg.AssetCheckSeverity.ERROR
    assert "1 findings, first 2024-01" in str(found["ledger"].description)
    assert "2024-01" in str(found["ledger"].metadata["wrong"].value)


def test_what_cannot_be_looked_at_is_no_pass(looked: Looked) -> None:
    looked.write(7)
    with outside(looked) as group:
        array_at(group, "B4").attrs["scale_factor"] = 2.0
    found = looked.checks()
    assert not any(each.passed for each in found.values())
    assert found["structure"].severity is dg.AssetCheckSeverity.ERROR
    assert found["ledger"].severity is dg.AssetCheckSeverity.WARN
    assert found["ledger"].description == "Not looked at in full, since another check found too much: mend that first."


def test_checks_read_what_was_written_since_they_passed(looked: Looked) -> None:
    looked.write(7)
    assert looked.checks()["ledger"].metadata["slots looked at"].value == 1
    again = looked.checks()
    assert again["ledger"].passed
    assert again["ledger"].metadata["slots looked at"].value == 0
    with outside(looked) as group:
        array_at(group, "B4")[0, :, TILE:] = 9
    for _ in range(2):
        found = looked.checks()
        assert not found["ledger"].passed, "what is wrong stays wrong until it is mended"
        assert found["structure"].passed


def test_the_job_verify_fails_with_every_finding(looked: Looked) -> None:
    looked.write(7)
    result = looked.job("verify")
    assert result.success
    assert "1 slots, 1 stored shards read, 0 findings" in looked.said(result)
    with outside(looked) as group:
        array_at(group, "B4")[0, :, TILE:] = 9
    result = looked.job("verify")
    assert not result.success
    assert "1 findings:\n- `2024-01" in looked.said(result)


def test_the_job_roll_back_tells_first_and_then_goes_back(looked: Looked) -> None:
    looked.write(7)
    seven = snapshots(looked)[0]
    looked.write(8)
    eight = snapshots(looked)[0]
    told = looked.job("roll_back", version=seven)
    assert "dry_run is true" in looked.said(told)
    assert snapshots(looked)[0] == eight
    done = looked.job("roll_back", version=seven, dry_run=False)
    assert done.success
    assert snapshots(looked)[0] == seven
    assert f"to undo, roll back to {eight}" in looked.said(done)


def test_the_job_tag_names_a_version_once(looked: Looked) -> None:
    looked.write(7)
    seven = snapshots(looked)[0]
    looked.write(8)
    assert looked.job("tag", name="r1", version=seven).success
    assert {name: found.snapshot for name, found in read_releases(looked.address).items()} == {"r1": seven}
    again = looked.job("tag", name="r1")
    assert not again.success
    assert "Expected a new name for a release" in looked.said(again)


def test_the_job_that_collects_garbage_only_tells_unless_it_is_told_to(looked: Looked) -> None:
    for value in (7, 8, 9):
        looked.write(value)
    before = snapshots(looked)
    told = looked.job("collect_garbage", older_than_days=0.0)
    assert "would delete" in looked.said(told)
    assert snapshots(looked) == before
    done = looked.job("collect_garbage", older_than_days=0.0, dry_run=False)
    assert done.success, looked.said(done)
    assert snapshots(looked) == [before[0], before[-1]], "the head and the first version stay"


def test_plain_zarr_is_checked_as_a_whole_each_time(plain: Looked) -> None:
    assert {each.description for each in plain.checks().values()} == {"Nothing is written yet."}
    plain.write(7)
    for _ in range(2):
        found = plain.checks()
        assert all(each.passed for each in found.values()), [each.description for each in found.values()]
        assert found["ledger"].metadata["slots looked at"].value == 1
        assert "snapshot" not in found["ledger"].metadata
    array_at(zarr.open_group(plain.address.uri, mode="r+"), "B4")[0, :, TILE:] = 9
    found = plain.checks()
    assert {name for name, each in found.items() if not each.passed} == {"ledger"}
    result = plain.job("verify")
    assert not result.success
    assert "1 findings:\n- `2024-01" in plain.said(result)
    assert "Expected a cube with versions, got plain Zarr" in plain.said(plain.job("verify", version="v1"))


def test_kinds_and_jobs_tell_which_store_it_is(looked: Looked, tmp_path: Path, instance: dg.DagsterInstance) -> None:
    (tmp_path / "plain").mkdir()
    plain = look_at(tmp_path / "plain", instance, "zarr")
    key = looked.chain.key("cube")
    kinds = [each.definitions.resolve_asset_graph().get(key).kinds for each in (looked, plain)]
    assert kinds == [{"icechunk", "zarr"}, {"zarr"}]
    jobs = [{job.name for job in each.definitions.resolve_all_job_defs()} for each in (looked, plain)]
    lacking = {f"small_cube_{what}" for what in ("roll_back", "tag", "collect_garbage")}
    assert jobs[0] - jobs[1] == lacking
    assert "small_cube_verify" in jobs[1]


def test_jobs_say_when_there_is_no_cube(looked: Looked) -> None:
    result = looked.job("tag", name="r1")
    assert not result.success
    assert "cube" in looked.said(result)
