"""1,400 tiles of GLAD's classes a year into one array of the globe, by processes, against numpy and plain zarr."""

from pathlib import Path

import icechunk
import numpy as np
import rasterio
import zarr

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.engines import Engine
from eo_pipeline.engines.processes import Processes
from eo_pipeline.steps.cubes.ingest_tiles import Ingested, ingest_tiles
from eo_pipeline.storage.cubes import CubeAddress, open_or_create_cube, verify_cube
from eo_pipeline_tests.raster_files import REAL_DATA, needs_real_data
from eo_pipeline_tests.steps.cubes.glad import YEAR, archive_in, globe, place, provenance, write_tile
from eo_pipeline_tests.steps.cubes.here import Here

pytestmark = needs_real_data

ROWS, COLUMNS, SIDE, DEGREES = 28, 50, 40, 5
"""1,400 tiles of 5 degrees."""

ABSENT, EXTRA = (27, 49), (2, 3)
"""A tile that no year has, and one that only the first has."""


def cut(year: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """The globe of a year: windows of GLAD's own classes, each from another corner; 255 where there is no tile."""
    with rasterio.open(REAL_DATA / "glad_glclu" / "2000" / "40N_080W.tif") as dataset:
        real = dataset.read(1)
    whole = np.full((ROWS * SIDE, COLUMNS * SIDE), 255, np.uint8)
    random = np.random.default_rng(year)
    for row in range(ROWS):
        for column in range(COLUMNS):
            top, left = random.integers(0, 520 - SIDE, 2)
            part = slice(row * SIDE, (row + 1) * SIDE), slice(column * SIDE, (column + 1) * SIDE)
            whole[part] = real[top : top + SIDE, left : left + SIDE]
    return whole


def write_year(folder: Path, year: int, whole: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> None:
    """Tiles of a year; 255 where there is none."""
    for row in range(ROWS):
        for column in range(COLUMNS):
            part = slice(row * SIDE, (row + 1) * SIDE), slice(column * SIDE, (column + 1) * SIDE)
            if (row, column) == ABSENT or ((row, column) == EXTRA and year != 2000):
                whole[part] = 255
                continue
            path = folder / f"{year}" / f"{place(row, column, degrees=DEGREES)}.tif"
            write_tile(path, whole[part], north=80 - row * DEGREES, west=column * DEGREES - 180)


def test_two_years_of_1400_tiles(tmp_path: Path) -> None:
    icechunk.set_logs_filter("error")
    folder, expected = tmp_path / "glad", {}
    for year in (2000, 2020):
        expected[year] = cut(year)
        write_year(folder, year, expected[year])
    address = CubeAddress(str(tmp_path / "cube"))
    template = globe(ROWS * SIDE, COLUMNS * SIDE, chunk=150, shard=300)
    cube = open_or_create_cube(address, template)
    archive = archive_in(folder)

    def ingest(year: int, engine: Engine) -> Ingested:
        period = YEAR.parse(str(year))
        return ingest_tiles(cube, period, archive, engine, provenance=provenance(period.key))

    first, second = ingest(2000, Processes(2)), ingest(2020, Here())
    assert (first.tiles, second.tiles) == (1399, 1398)
    assert first.commit.changed
    assert (first.missing, second.missing) == ((), (place(*EXTRA, degrees=DEGREES).replace("_", " "),))
    assert first.copied == second.copied == 4 * 7
    assert first.timeline.worker_seconds > 0
    assert {row.state for row in first.commit.record.shards} == {State.WRITTEN}

    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(str(tmp_path / "cube")))
    messages = [one.message for one in repository.ancestry(branch="main")]
    assert [messages.count(f"cover {year}") for year in (2000, 2020)] == [1, 1]
    array = zarr.open_group(repository.readonly_session("main").store, mode="r")["classes"]
    assert isinstance(array, zarr.Array)
    for slot, year in ((0, 2000), (20, 2020)):
        np.testing.assert_array_equal(array[slot], expected[year])
    assert len(np.unique(np.asarray(array[0]))) > 50
    assert verify_cube(address, template).findings == ()

    again = ingest(2020, Here())
    assert (again.commit.changed, again.copied) == (False, 0)
    row, column = 10, 20
    part = slice(row * SIDE, (row + 1) * SIDE), slice(column * SIDE, (column + 1) * SIDE)
    expected[2020][part] = 7
    write_tile(
        folder / "2020" / f"{place(row, column, degrees=DEGREES)}.tif", expected[2020][part],
        north=80 - row * DEGREES, west=column * DEGREES - 180,
    )  # fmt: skip
    late = ingest(2020, Here())
    assert (late.commit.changed, late.copied) == (True, 1)
    array = zarr.open_group(repository.readonly_session("main").store, mode="r")["classes"]
    assert isinstance(array, zarr.Array)
    np.testing.assert_array_equal(array[20], expected[2020])
    np.testing.assert_array_equal(array[0], expected[2000])
