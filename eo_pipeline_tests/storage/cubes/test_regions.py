"""Regions of a cube against the plain numpy arrays that were written."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import rioxarray  # noqa: F401 (registers .rio)
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import Cube, CubeStore, RegionCommit, extend_time, open_cube
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import (
    BANDS,
    LOWER_RIGHT,
    MONTH,
    UPPER_LEFT,
    pixels,
    provenance,
    reader,
    write_region,
)
from eo_pipeline_tests.storage.cubes.test_repository import head, history

WHOLE = Rectangle(0, 0, 100, 120)


def write(
    cube: CubeStore,
    key: str,
    region: Rectangle,
    arrays: dict[str, NDArray[Any]] | None,
    *,
    inputs: str = "h1",
    area: str = "",
) -> RegionCommit:
    """Extend time and write, as a step does; the area is named by its region."""
    period = MONTH.parse(key)
    extend_time(cube, period)
    read = None if arrays is None else reader(arrays)
    return write_region(cube, period, region, read, area_key=area or str(region), provenance=provenance(inputs, key))


def stored(cube: Cube, band: str, slot: int, region: Rectangle = WHOLE) -> NDArray[Any]:
    return np.asarray(array_at(head(cube), band)[slot, *region.slices])


def test_pixels_equal_what_was_written(cube: Cube) -> None:
    arrays = pixels(LOWER_RIGHT, seed=1)
    commit = write(cube, "2023-02", LOWER_RIGHT, arrays)
    assert (commit.changed, commit.slot, commit.record.state) == (True, 1, State.WRITTEN)
    assert commit.record.valid_share == 1
    for band in BANDS:
        expected = np.full((100, 120), band.nodata or 0, band.dtype)
        expected[64:100, 64:120] = arrays[band.name]
        np.testing.assert_array_equal(stored(cube, band.name, 1), expected)
        np.testing.assert_array_equal(stored(cube, band.name, 0), np.full((100, 120), band.nodata or 0, band.dtype))


def test_area_of_many_shards_is_read_a_shard_at_a_time(cube: Cube) -> None:
    arrays, asked = pixels(WHOLE, seed=2), []

    def read(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        asked.append((band, rows.start, rows.stop, columns.start, columns.stop))
        return arrays[band][rows, columns]

    extend_time(cube, MONTH.parse("2023-01"))
    write_region(cube, MONTH.parse("2023-01"), WHOLE, read, area_key="all", provenance=provenance("h"))
    np.testing.assert_array_equal(stored(cube, "red", 0), arrays["red"])
    shards = [(0, 64, 0, 64), (0, 64, 64, 120), (64, 100, 0, 64), (64, 100, 64, 120)]
    assert asked == [(band.name, *shard) for shard in shards for band in BANDS]


def test_xarray_reads_physical_values_and_missing_ones(cube: Cube) -> None:
    arrays = pixels(UPPER_LEFT, seed=3)
    arrays["red"][:10] = 0
    arrays["classes"][:5] = 255
    write(cube, "2023-01", UPPER_LEFT, arrays)
    read = open_cube(cube.address).isel(time=0, y=slice(0, 64), x=slice(0, 64))
    expected = arrays["red"] * 1e-4 - 0.1
    expected[:10] = np.nan
    np.testing.assert_allclose(read["red"].values, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(read["classes"].values, arrays["classes"])
    assert [read[name].dtype.name for name in ("classes", "n_obs")] == ["uint8", "uint8"]


def test_readers_find_the_grid(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=3))
    red = open_cube(cube.address)["red"]
    assert red.rio.crs == "EPSG:32633"
    assert GeoBox(red.rio.shape, red.rio.transform(), red.rio.crs.to_wkt()) == cube.template.geobox
    assert red.rio.transform(recalc=True) == cube.template.geobox.affine


def test_periods_may_arrive_out_of_order(cube: Cube) -> None:
    arrays = {key: pixels(UPPER_LEFT, seed=int(key[-2:])) for key in ("2023-03", "2023-01", "2023-05", "2023-02")}
    for key, each in arrays.items():
        write(cube, key, UPPER_LEFT, each)
    read = open_cube(cube.address, snapshot=None)
    assert list(read["time"].dt.month.values) == [1, 2, 3, 4, 5]
    for slot, key in ((0, "2023-01"), (1, "2023-02"), (2, "2023-03"), (4, "2023-05")):
        np.testing.assert_array_equal(stored(cube, "red", slot, UPPER_LEFT), arrays[key]["red"])
    assert not stored(cube, "red", 3).any()


def test_same_inputs_again_commit_and_read_nothing(cube: Cube) -> None:
    first = write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1))
    commits = history(cube)

    def refuse(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        raise AssertionError(f"{band} was read again")

    again = write_region(
        cube, MONTH.parse("2023-01"), UPPER_LEFT, refuse, area_key=str(UPPER_LEFT), provenance=provenance("h1")
    )
    assert (again.changed, again.snapshot, again.record) == (False, first.snapshot, first.record)
    assert history(cube) == commits


def test_other_inputs_replace_the_pixels_also_by_nodata(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1))
    shrunk = pixels(UPPER_LEFT, seed=2)
    shrunk["red"][:, 10:] = 0
    commit = write(cube, "2023-01", UPPER_LEFT, shrunk, inputs="h2")
    assert commit.changed
    np.testing.assert_array_equal(stored(cube, "red", 0, UPPER_LEFT), shrunk["red"])
    assert commit.record.valid_share == pytest.approx((10 / 64 + 1) / 2)


def test_nothing_but_nodata_is_empty_and_leaves_no_chunk(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1))
    nothing = {band.name: np.full((64, 64), band.nodata or 0, band.dtype) for band in BANDS}
    commit = write(cube, "2023-01", UPPER_LEFT, nothing, inputs="h2")
    assert (commit.record.state, commit.record.valid_share) == (State.EMPTY, 0)
    assert not stored(cube, "red", 0).any()
    assert array_at(head(cube), "red").nchunks_initialized == 0


def test_no_images_replace_what_was_there(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1))
    gone = write(cube, "2023-01", UPPER_LEFT, None, inputs="none")
    assert (gone.changed, gone.record.state) == (True, State.NO_IMAGES)
    assert not stored(cube, "red", 0).any()
    assert (stored(cube, "classes", 0) == 255).all()
    assert not write(cube, "2023-01", UPPER_LEFT, None, inputs="none").changed
    assert write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), inputs="late").record.state is State.WRITTEN


def test_a_neighbour_and_another_slot_stay_as_they_are(cube: Cube) -> None:
    neighbour, here = pixels(LOWER_RIGHT, seed=1), pixels(UPPER_LEFT, seed=2)
    write(cube, "2023-01", LOWER_RIGHT, neighbour)
    write(cube, "2023-02", UPPER_LEFT, here)
    write(cube, "2023-01", UPPER_LEFT, here)
    write(cube, "2023-01", UPPER_LEFT, None, inputs="h2")
    np.testing.assert_array_equal(stored(cube, "red", 0, LOWER_RIGHT), neighbour["red"])
    np.testing.assert_array_equal(stored(cube, "red", 1, UPPER_LEFT), here["red"])


def test_an_earlier_snapshot_still_reads_as_it_was(cube: Cube) -> None:
    before, after = pixels(UPPER_LEFT, seed=1), pixels(UPPER_LEFT, seed=2)
    old = write(cube, "2023-01", UPPER_LEFT, before).snapshot
    write(cube, "2023-01", UPPER_LEFT, after, inputs="h2")
    read = open_cube(cube.address, snapshot=old)["n_obs"]
    np.testing.assert_array_equal(read.values[0, :64, :64], before["n_obs"])


def test_commit_says_what_it_wrote(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1))
    newest = next(iter(cube.repository.ancestry(branch="main")))
    assert newest.message == "example 2023-01"
    said = {name: value for name, value in newest.metadata.items() if not name.startswith("__")}  # icechunk's own
    assert said == {
        "product": "example", "partition": "2023-01", "run_id": "run-1", "inputs_hash": "h1", "code_version": "v1",
    }  # fmt: skip


def test_pixels_of_another_dtype_are_refused_and_nothing_committed(cube: Cube) -> None:
    arrays = pixels(UPPER_LEFT, seed=1)
    arrays["classes"] = arrays["classes"].astype("float32")
    extend_time(cube, MONTH.parse("2023-01"))
    before = history(cube)
    with pytest.raises(CubeError, match="64 x 64 pixels of uint8 for classes, got 64 x 64 of float32; encode"):
        write(cube, "2023-01", UPPER_LEFT, arrays)
    assert history(cube) == before
    assert not stored(cube, "red", 0).any()


def test_pixels_of_another_shape_are_refused(cube: Cube) -> None:
    arrays = {name: array[:60] for name, array in pixels(UPPER_LEFT, seed=1).items()}
    with pytest.raises(CubeError, match="64 x 64 pixels of uint16 for red, got 60 x 64 of uint16"):
        write(cube, "2023-01", UPPER_LEFT, arrays)


def test_a_period_without_a_slot_is_refused(cube: Cube) -> None:
    with pytest.raises(CubeError, match=r"a slot for 2023-01 .* an axis without slots; call extend_time first"):
        write_region(cube, MONTH.parse("2023-01"), UPPER_LEFT, None, area_key="a", provenance=provenance("h"))


def test_areas_that_share_a_shard_are_refused(cube: Cube) -> None:
    write(cube, "2023-01", UPPER_LEFT, pixels(UPPER_LEFT, seed=1), area="a")
    with pytest.raises(CubeError, match=r"area b at .* to be its own, got area a at .*must not share shards"):
        write(cube, "2023-01", WHOLE, pixels(WHOLE, seed=1), area="b")
    write(cube, "2023-02", LOWER_RIGHT, pixels(LOWER_RIGHT, seed=1), area="c")
    with pytest.raises(CubeError, match=r"area b at .* to be its own, got another area in slot 1"):
        write(cube, "2023-02", WHOLE, pixels(WHOLE, seed=1), area="b")


def test_region_that_cuts_a_shard_is_refused(cube: Cube) -> None:
    part = Rectangle(0, 0, 32, 64)
    with pytest.raises(CubeError, match=r"whole shards of 64 x 64 pixels, got rows 0 to 32 and columns 0 to 64"):
        write(cube, "2023-01", part, pixels(part, seed=1))


def test_two_writers_of_one_partition_commit_once(cube: Cube) -> None:
    arrays = pixels(UPPER_LEFT, seed=1)
    extend_time(cube, MONTH.parse("2023-01"))
    with ThreadPoolExecutor(4) as pool:
        commits = list(pool.map(lambda _: write(cube, "2023-01", UPPER_LEFT, arrays), range(4)))
    assert sorted(commit.changed for commit in commits) == [False, False, False, True]
    assert len({commit.snapshot for commit in commits}) == 1


def test_codec_shuffles_by_the_bands_own_size(cube: Cube) -> None:
    sizes = {band.name: _compressor(cube, band.name)["typesize"] for band in BANDS}
    assert sizes == {"red": 2, "classes": 1, "n_obs": 1}


def _compressor(cube: Cube, band: str) -> dict[str, Any]:
    """The configuration of the last codec inside the sharding codec, as zarr.json holds it."""
    document: Any = array_at(head(cube), band).metadata.to_dict()
    configuration: dict[str, Any] = document["codecs"][0]["configuration"]["codecs"][-1]["configuration"]
    return configuration


def test_cost_of_a_slot_does_not_grow_with_the_axis(cube: Cube) -> None:
    def cost(key: str) -> int:
        extend_time(cube, MONTH.parse(key))
        before = _metadata_bytes(cube)
        write(cube, key, UPPER_LEFT, pixels(UPPER_LEFT, seed=1))
        return _metadata_bytes(cube) - before

    early = cost("2023-02")
    late = cost("2300-01")
    assert late < 1.2 * early
    assert array_at(head(cube), "red").shape[0] == 3325


def _metadata_bytes(cube: Cube) -> int:
    """Bytes of manifests, snapshots and transaction logs; each commit adds new files."""
    path = cube.address.local_path
    assert path is not None
    folders = ("manifests", "snapshots", "transactions")
    return sum(file.stat().st_size for folder in folders for file in (path / folder).rglob("*") if file.is_file())
