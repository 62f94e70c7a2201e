"""A cube of an archive's aligned tiles, from the declaration to a tile that changes, with Dagster."""

import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.cubes.store_kind import StoreKind
from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.estimates.tile_plans import PeriodTiles, plan_copies
from eo_pipeline.orchestration.late.sensors import build_late_sensors
from eo_pipeline.orchestration.resources import DataRootResource
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.orchestration.scenes.stale import Stale, stale_partitions
from eo_pipeline.orchestration.scenes.tiles import open_tiles_work
from eo_pipeline.orchestration.status import product_status
from eo_pipeline.storage.cubes import CubeAddress, open_cube, read_history
from eo_pipeline_tests.end_to_end.pipeline import Pipeline
from eo_pipeline_tests.steps.cubes.glad import STEP, place, random_classes, write_tile

SIDE, DEGREES, ROWS, COLUMNS = 40, 5, 2, 3
YEARS = ("2000", "2001")
MISSING = (1, 2)
"""Row and column of a place that 2001 has no tile of."""


def put(folder: Path, year: str, row: int, column: int, *, seed: int, moved: float = 0.0) -> NDArray[np.uint8]:
    """Write a tile, some pixels moved; gives its pixels."""
    pixels = random_classes(SIDE, SIDE, seed)
    file = folder / year / f"{place(row, column, degrees=DEGREES)}.tif"
    write_tile(file, pixels, north=80 - row * DEGREES, west=column * DEGREES - 180 + moved * STEP)
    return pixels


def fill(folder: Path, year: str) -> NDArray[np.uint8]:
    """Write a year's tiles; gives the whole (y, x), 255 where there is none."""
    whole = np.full((ROWS * SIDE, COLUMNS * SIDE), 255, np.uint8)
    for row, column in np.ndindex(ROWS, COLUMNS):
        if (year, (row, column)) != ("2001", MISSING):
            seed = int(year) * 100 + row * 10 + column
            part = np.s_[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
            whole[part] = put(folder, year, row, column, seed=seed)
    return whole


def pipeline(folder: Path, root: Path, instance: dg.DagsterInstance, store: StoreKind = "icechunk") -> Pipeline:
    product = Product.model_validate(
        {
            "name": "cover",
            "source": {"tiles": "{year}/{lat}_{lon}.tif", "bands": ["classes"]},
            "period": {"every": "year", "start": "2000", "end": "2002", "recheck_for": "2000w"},
            "area": {"box": [-180, 70, -165, 80], "crs": "EPSG:4326", "resolution": STEP},
            "output": {"classes": {"dtype": "uint8", "nodata": 255, "kind": "categorical"}},
            "cube": {"repository": "cubes/cover", "store": store, "chunk": 16, "shard": 32, "engine": "processes:1"},
        }
    )
    resources = {"scenes": ScenesResource(), "data_root": DataRootResource(root=str(root))}
    definitions = build_definitions([product], resources=resources, folder=folder)
    return Pipeline(load_chain(product, Origin(None, None, (folder,), product.name)), definitions, instance, root)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="module")
def wholes(folder: Path) -> dict[str, NDArray[np.uint8]]:
    return {year: fill(folder, year) for year in YEARS}


@pytest.fixture(scope="module")
def found(
    folder: Path, wholes: dict[str, NDArray[np.uint8]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    """The product with both years copied; tests follow each other."""
    assert wholes
    home = tmp_path_factory.mktemp("dagster")
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        made = pipeline(folder, tmp_path_factory.mktemp("data"), instance)
        report = made.run(YEARS)
        assert report.failed == {}
        yield made


def address(found: Pipeline) -> CubeAddress:
    return CubeAddress(str(found.root / "cubes" / "cover"))


def key(found: Pipeline, year: str) -> str:
    return f"{next(iter(found.chain.areas))}|{year}"


def test_slots_hold_the_tiles_of_each_year(found: Pipeline, wholes: dict[str, NDArray[np.uint8]]) -> None:
    cube = open_cube(address(found)).load()
    for slot, year in enumerate(YEARS):
        np.testing.assert_array_equal(cube.classes[slot].to_numpy(), wholes[year])


def test_in_plain_zarr_slots_hold_the_same(
    folder: Path, wholes: dict[str, NDArray[np.uint8]], instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    made = pipeline(folder, tmp_path, instance, "zarr")
    assert made.run(["2001"]).failed == {}
    cube = open_cube(CubeAddress(str(tmp_path / "cubes" / "cover"), store="zarr")).load()
    np.testing.assert_array_equal(cube.classes[1].to_numpy(), wholes["2001"])
    assert made.materialise("cube", key(made, "2001")).success
    assert made.metadata("cube", key(made, "2001"))["changed"] is False


def test_a_partition_tells_what_is_missing(found: Pipeline) -> None:
    inputs, cube = (found.metadata(stage, key(found, "2001")) for stage in ("inputs", "cube"))
    assert (inputs["tiles"], inputs["places without a tile"]) == (ROWS * COLUMNS - 1, 1)
    assert cube["without a tile"] == place(*MISSING, degrees=DEGREES).replace("_", " ")
    assert (cube["committed"], cube["eo/digest"]) == (True, inputs["eo/digest"])
    assert product_status(found.instance, found.chain).is_complete


def test_the_same_tiles_commit_nothing(found: Pipeline) -> None:
    before = len(read_history(address(found)))
    for stage in ("inputs", "cube"):
        found.materialise(stage, key(found, "2000"))
    assert found.metadata("cube", key(found, "2000"))["committed"] is False
    assert len(read_history(address(found))) == before


def planned(found: Pipeline) -> list[PeriodTiles]:
    """As `eo-pipeline plan` tells them."""
    work = open_tiles_work(found.chain, ScenesResource(), found.instance)
    plan = plan_copies(work, address(found), [key(found, year) for year in YEARS], lambda _done, _of: None)
    assert plan.problems == {}
    return plan.periods


def stale(found: Pipeline) -> Stale:
    """As `eo-pipeline cube stale` finds them."""
    work = open_tiles_work(found.chain, ScenesResource(), found.instance)
    keys = [key(found, year) for year in YEARS]
    return stale_partitions(found.instance, work, address(found), keys, lambda _done, _of: None)


def test_nothing_is_to_be_copied_again_and_no_tile_is_opened_to_tell(found: Pipeline) -> None:
    first, second = planned(found)
    assert (first.is_current, first.to_copy, first.bytes, first.outside) == (True, 0, 0, None)
    assert (second.there, second.missing, second.without_tiles) == (5, ("75N 170W",), 1)
    assert (stale(found).asked, stale(found).stale) == (2, ())


def test_a_changed_tile_is_asked_for_and_its_shards_alone_are_copied(
    folder: Path, found: Pipeline, wholes: dict[str, NDArray[np.uint8]]
) -> None:
    pixels = put(folder, "2000", 0, 0, seed=7)
    os.utime(folder / "2000" / f"{place(0, 0, degrees=DEGREES)}.tif", (1, 1))
    [late] = stale(found).stale
    assert (late.period_key, late.reason, len(late.shards)) == ("2000", "1 changed", 4)
    assert [(period.is_current, period.to_copy, period.bytes) for period in planned(found)] == [
        (False, 4, 4 * 32 * 32),
        (True, 0, 0),
    ]
    [sensor] = build_late_sensors([found.chain])
    resources = {"scenes": (found.definitions.resources or {})["scenes"]}
    with dg.build_sensor_context(instance=found.instance, resources=resources, cursor=None) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    assert [request.partition_key for request in result.run_requests or []] == [key(found, "2000")]
    for stage in ("inputs", "cube"):
        found.materialise(stage, key(found, "2000"))
    assert found.metadata("cube", key(found, "2000"))["shards made"] == 4
    wholes["2000"][:SIDE, :SIDE] = pixels
    np.testing.assert_array_equal(open_cube(address(found)).classes[0].to_numpy(), wholes["2000"])


def test_a_tile_off_by_half_a_pixel_is_refused_by_name(folder: Path, found: Pipeline) -> None:
    before = len(read_history(address(found)))
    put(folder, "2001", *MISSING, seed=9, moved=0.5)
    result = found.materialise("cube", key(found, "2001"))
    [failure] = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    said = failure.error_display_string
    assert not result.success
    assert "75N 170W" in said or "75N_170W" in said
    assert "0.5 columns" in said
    assert len(read_history(address(found))) == before
