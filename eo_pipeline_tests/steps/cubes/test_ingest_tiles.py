"""Small archives of tiles into a cube: what is refused, what is missing, what is copied again."""

import os
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pytest
from distributed import Client, LocalCluster
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.engines import Policy
from eo_pipeline.engines.dask import Dask
from eo_pipeline.errors import GridMismatchError, SourceError
from eo_pipeline.sources.aligned_tiles.archive import TileArchive
from eo_pipeline.sources.listings import open_listing, open_matching
from eo_pipeline.steps.cubes.ingest_tiles import Ingested, ingest_tiles
from eo_pipeline.storage.cubes import Cube, CubeAddress, open_or_create_icechunk_cube, read_ledger, verify_cube
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.steps.cubes.glad import (
    PATTERN,
    STEP,
    YEAR,
    archive_in,
    globe,
    place,
    provenance,
    random_classes,
    write_tile,
)
from eo_pipeline_tests.steps.cubes.here import Here

SIDE, DEGREES = 40, 5
"""Tiles of 40 pixels; shards of 32, so that most of them meet several tiles."""

ROWS, COLUMNS = 3, 4


@pytest.fixture(autouse=True)
def _quiet_icechunk() -> None:
    icechunk.set_logs_filter("error")  # it warns of unlocked commits each time a local repository is opened


@pytest.fixture
def cube(tmp_path: Path) -> Cube:
    return open_or_create_icechunk_cube(CubeAddress(str(tmp_path / "cube")), globe(120, 160, chunk=16, shard=32))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def put(folder: Path, row: int, column: int, *, year: int = 2000, seed: int = 0, **told: Any) -> NDArray[np.uint8]:
    """Write a tile; gives its pixels."""
    pixels = random_classes(SIDE, SIDE, year * 1000 + row * 10 + column + seed)
    where = {"north": 80 - row * DEGREES, "west": column * DEGREES - 180} | told
    write_tile(folder / str(year) / f"{place(row, column, degrees=DEGREES)}.tif", pixels, **where)
    return pixels


def fill(folder: Path, *, without: tuple[tuple[int, int], ...] = (), year: int = 2000) -> NDArray[np.uint8]:
    """Write all tiles of a year but some; gives the whole, 255 where there is none."""
    whole = np.full((ROWS * SIDE, COLUMNS * SIDE), 255, np.uint8)
    for row in range(ROWS):
        for column in range(COLUMNS):
            if (row, column) not in without:
                pixels = put(folder, row, column, year=year)
                whole[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = pixels
    return whole


def ingest(cube: Cube, archive: TileArchive, year: int = 2000, **how: Any) -> Ingested:
    return ingest_tiles(
        cube, YEAR.parse(str(year)), archive, Here(), provenance=provenance(str(year)), **how
    )  # fmt: skip


def stored(cube: Cube, slot: int = 0) -> NDArray[Any]:
    return np.asarray(array_at(cube.read(), "classes")[slot])


def assert_untouched(cube: Cube) -> None:
    assert len(read_ledger(cube)) == 0
    newest = next(iter(cube.repository.ancestry(branch="main")))
    assert newest.message in ("cover template", "cover time axis to 2000")


def test_shards_that_meet_several_tiles_are_copied_pixel_by_pixel(cube: Cube, folder: Path) -> None:
    whole = fill(folder)
    done = ingest(cube, archive_in(folder), batch_size=3)
    np.testing.assert_array_equal(stored(cube), whole)
    assert (done.tiles, done.copied, done.missing, done.outside) == (12, 20, (), ())
    assert len({bar.number for bar in done.timeline.bars}) == 7
    assert verify_cube(cube.address, cube.template).findings == ()


def test_half_a_pixel_is_refused_with_the_numbers(cube: Cube, folder: Path) -> None:
    fill(folder)
    put(folder, 1, 1, west=-175 + STEP / 2)
    put(folder, 2, 0, north=70 - STEP / 4)
    with pytest.raises(GridMismatchError, match=r"got 2 of 12 that do not lie on them") as caught:
        ingest(cube, archive_in(folder))
    assert "75N_175W.tif: the offset is 40.5 columns and 40 rows, not whole pixels" in str(caught.value)
    assert "70N_180W.tif: the offset is 0 columns and 80.25 rows, not whole pixels" in str(caught.value)
    assert_untouched(cube)


def test_a_thousandth_of_a_pixel_is_borne(cube: Cube, folder: Path) -> None:
    whole = fill(folder)
    put(folder, 1, 1, west=-175 + STEP * 9e-4)
    ingest(cube, archive_in(folder))
    np.testing.assert_array_equal(stored(cube), whole)
    put(folder, 1, 1, west=-175 + STEP * 1.1e-3)
    with pytest.raises(GridMismatchError, match=r"the offset is 40\.0011 columns"):
        ingest(cube, archive_in(folder))


def test_another_resolution_is_refused(cube: Cube, folder: Path) -> None:
    put(folder, 0, 0, step=STEP * 1.01)
    with pytest.raises(GridMismatchError, match=r"80N_180W\.tif: resolution or rotation differs .*0\.12625"):
        ingest(cube, archive_in(folder))
    assert_untouched(cube)


def test_overlaps_are_refused_by_name(cube: Cube, folder: Path) -> None:
    fill(folder)
    put(folder, 1, 1, west=-175 - 2 * STEP)
    with pytest.raises(
        GridMismatchError,
        match=r"75N_175W\.tif and .*75N_180W\.tif: rows 40 to 80 and columns 38 to 40 of the cube",
    ):
        ingest(cube, archive_in(folder))
    assert_untouched(cube)


def test_ocean_has_no_tile_and_a_missing_tile_is_named(cube: Cube, folder: Path) -> None:
    """Upper left: no year has a tile; lower right: 2001 has one, 2000 not."""
    left, right = ((0, 0), (0, 1), (1, 0), (1, 1)), ((1, 2), (1, 3), (2, 2), (2, 3))
    whole = fill(folder, without=(*left, *right))
    fill(folder, without=left, year=2001)
    done = ingest(cube, archive_in(folder))
    assert done.missing == ("70N 165W", "70N 170W", "75N 165W", "75N 170W")
    states = np.array([row.state.value for row in done.commit.record.shards]).reshape(4, 5)
    assert states[0, 0] == states[1, 1] == State.OCEAN
    assert states[2, 4] == states[3, 3] == State.NO_IMAGES
    assert set(states[[0, 0, 3], [3, 4, 0]]) == {State.WRITTEN}
    np.testing.assert_array_equal(stored(cube), whole)

    whole[80:120, 120:160] = put(folder, 2, 3)
    late = ingest(cube, archive_in(folder))
    assert (late.copied, len(late.missing)) == (4, 3)
    np.testing.assert_array_equal(stored(cube), whole)
    assert verify_cube(cube.address, cube.template).findings == ()


def test_a_tile_outside_the_cube_is_told(cube: Cube, folder: Path) -> None:
    whole = fill(folder)
    put(folder, 10, 10)
    done = ingest(cube, archive_in(folder))
    assert (done.outside, done.tiles) == (("30N 130W",), 13)
    np.testing.assert_array_equal(stored(cube), whole)


def test_a_changed_tile_rewrites_only_its_shards(cube: Cube, folder: Path) -> None:
    whole = fill(folder)
    first = ingest(cube, archive_in(folder))
    assert not ingest(cube, archive_in(folder)).commit.changed
    whole[:40, :40] = put(folder, 0, 0, seed=5)
    late = ingest(cube, archive_in(folder))
    assert late.copied == 4
    changed = [a != b for a, b in zip(first.commit.record.shards, late.commit.record.shards, strict=True)]
    assert np.flatnonzero(np.array(changed)).tolist() == [0, 1, 5, 6]
    np.testing.assert_array_equal(stored(cube), whole)


def test_tiles_of_the_same_name_in_two_folders_are_told_apart(cube: Cube, folder: Path) -> None:
    whole, paths = np.full((ROWS * SIDE, COLUMNS * SIDE), 255, np.uint8), [folder / "a/t.tif", folder / "b/t.tif"]
    archive = TileArchive(open_listing(str(folder)))
    for seed, changed in enumerate(((0, 1), (0,), (1,))):
        for number in changed:
            part = whole[:SIDE, number * SIDE : (number + 1) * SIDE]
            part[:] = random_classes(SIDE, SIDE, 10 * seed + number)
            write_tile(paths[number], part, north=80, west=number * DEGREES - 180)
        assert ingest(cube, archive).commit.changed
        np.testing.assert_array_equal(stored(cube), whole)


def test_a_tile_that_is_taken_away_takes_its_pixels_along(cube: Cube, folder: Path) -> None:
    whole = fill(folder)
    ingest(cube, archive_in(folder))
    (folder / "2000" / f"{place(2, 3, degrees=DEGREES)}.tif").unlink()
    whole[80:, 120:] = 255
    done = ingest(cube, archive_in(folder))
    np.testing.assert_array_equal(stored(cube), whole)
    assert done.commit.record.shards[-1].state is State.OCEAN


def test_unreadable_tiles_are_all_named_and_nothing_is_committed(cube: Cube, folder: Path) -> None:
    fill(folder)
    (folder / "2000" / "75N_180W.tif").write_bytes(b"no raster")
    (folder / "2000" / "70N_180W.tif").write_bytes(b"")
    with pytest.raises(SourceError, match=r"got 2 problem\(s\)") as caught:
        ingest(cube, archive_in(folder))
    assert "75N_180W.tif" in str(caught.value)
    assert "70N_180W.tif" in str(caught.value)
    assert_untouched(cube)


@pytest.mark.parametrize("first_failure", ["stop", "try_all"])
def test_tiles_that_break_off_are_named_by_workers(cube: Cube, folder: Path, first_failure: Any) -> None:
    fill(folder)
    for name in ("80N_180W.tif", "70N_165W.tif"):
        path = folder / "2000" / name
        path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(SourceError, match=r"expected readable tiles of .*, got 1 that cannot be read") as caught:
        ingest(cube, archive_in(folder), policy=Policy(first_failure=first_failure))
    assert "70N_165W.tif" in str(caught.value)
    assert ("80N_180W.tif" in str(caught.value)) == (first_failure == "try_all")
    assert_untouched(cube)


def test_other_types_and_nodata_are_refused(cube: Cube, folder: Path) -> None:
    fill(folder)
    path = folder / "2000" / "80N_180W.tif"
    write_tile(path, np.ones((SIDE, SIDE), np.int16), north=80, west=-180)
    with pytest.raises(SourceError, match=r"80N_180W\.tif: band classes: dtype int16, expected uint8"):
        ingest(cube, archive_in(folder))
    assert_untouched(cube)


def test_an_archive_that_changes_while_it_is_copied_is_refused(cube: Cube, folder: Path) -> None:
    fill(folder)
    path = folder / "2000" / "80N_180W.tif"
    with pytest.raises(SourceError, match=r"got 1 that changed: 80N 180W; the period is not done: run again"):
        ingest(cube, archive_in(folder), progress=lambda told: os.utime(path) if told.done == 3 else None)
    assert_untouched(cube)


def test_a_date_without_tiles_is_refused(cube: Cube, folder: Path) -> None:
    fill(folder)
    with pytest.raises(SourceError, match=r"expected tiles .* of 2005 in .*, got such of 2000"):
        ingest(cube, archive_in(folder), 2005)
    (folder / "2000").rename(folder / "no year")
    with pytest.raises(SourceError, match=r"expected tiles \{year\}/\{lat\}_\{lon\}\.tif in .*, got .*70N_165W\.tif"):
        ingest(cube, archive_in(folder))


def test_tiles_of_a_listing_file(cube: Cube, folder: Path) -> None:
    whole = fill(folder)
    listing = folder / "2000.txt"
    names = sorted(path.name for path in (folder / "2000").iterdir())
    listing.write_text("# GLAD\n\n" + "\n".join(f"2000/{name}" for name in names))
    ingest(cube, TileArchive(open_listing(str(listing)), PATTERN))
    np.testing.assert_array_equal(stored(cube), whole)
    listing.write_text("2000/80N_180W.tif\n2000/00N_000E.tif")
    with pytest.raises(SourceError, match=r"got 1 that are not there:\n  .*2000/00N_000E\.tif\n"):
        ingest(cube, TileArchive(open_listing(str(listing)), PATTERN))


def test_longitudes_beyond_180_are_moved(cube: Cube, folder: Path) -> None:
    whole = fill(folder)
    put(folder, 1, 1, west=185)
    ingest(cube, archive_in(folder))
    np.testing.assert_array_equal(stored(cube), whole)


def test_a_text_stands_for_an_archive(cube: Cube, folder: Path) -> None:
    """A pattern with stars, and a listing for each period."""
    whole = fill(folder)
    listing, pattern = open_matching(f"{folder}/{{period}}/*.tif")
    assert ingest(cube, TileArchive(listing, pattern)).tiles == 12
    np.testing.assert_array_equal(stored(cube), whole)
    names = sorted(path.name for path in (folder / "2000").iterdir())
    (folder / "of2001_2001.txt").write_text("\n".join(f"2000/{name}" for name in names))
    listing, pattern = open_matching(f"{folder}/of{{period}}_{{year}}.txt")
    assert ingest(cube, TileArchive(listing, pattern), 2001).tiles == 12
    np.testing.assert_array_equal(stored(cube, slot=1), whole)
    with pytest.raises(SourceError, match=r"expected a text file that lists the files behind http://x/\*\.tif"):
        open_matching("http://x/*.tif")


def test_dask_copies_as_processes_do(cube: Cube, folder: Path) -> None:
    whole = fill(folder)
    with (
        LocalCluster(  # type: ignore[no-untyped-call]  # it has no annotations
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster, set_as_default=False) as client,  # type: ignore[no-untyped-call]  # it has no annotations
    ):
        dask = Dask(client=client)
        ingest_tiles(cube, YEAR.parse("2000"), archive_in(folder), dask, provenance=provenance("2000"), batch_size=4)
    np.testing.assert_array_equal(stored(cube), whole)
