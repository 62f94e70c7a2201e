"""Cubes of plain Zarr: the same calls and arrays, and what is left when a writer dies."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rioxarray  # noqa: F401 (registers .rio)
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.storage import MemoryStore

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError, DiskFullError, StorageError
from eo_pipeline.storage.cubes import (
    CubeAddress,
    PlainCube,
    RegionCommit,
    clear_region,
    extend_time,
    holds_region,
    open_or_create_plain_cube,
    open_zarr_slots,
    read_ledger,
    record_discarded,
    record_failure,
    verify_plain_cube,
    write_region,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import (
    BANDS,
    LOWER_RIGHT,
    MONTH,
    UPPER_LEFT,
    pixels,
    provenance,
    reader,
    template,
)

JANUARY = MONTH.parse("2023-01")


@pytest.fixture
def plain(tmp_path: Path) -> PlainCube:
    return open_or_create_plain_cube(CubeAddress(str(tmp_path / "plain.zarr")), template())


def write(cube: PlainCube, arrays: dict[str, NDArray[Any]] | None, inputs: str = "h1", area: str = "a") -> RegionCommit:
    extend_time(cube, JANUARY)
    read = None if arrays is None else reader(arrays)
    return write_region(cube, JANUARY, UPPER_LEFT, read, area_key=area, provenance=provenance(inputs, "2023-01"))


def test_any_reader_of_zarr_reads_it(plain: PlainCube) -> None:
    arrays = pixels(UPPER_LEFT, seed=1)
    commit = write(plain, arrays)
    assert (commit.changed, commit.snapshot) == (True, "")
    read = xr.open_zarr(plain.address.uri, consolidated=False, chunks=None, decode_coords="all")
    np.testing.assert_allclose(read["red"].values[0, :64, :64], arrays["red"] * 1e-4 - 0.1, rtol=0, atol=1e-12)
    assert read["red"].rio.crs == "EPSG:32633"
    slots = open_zarr_slots(Path(plain.address.uri))
    np.testing.assert_array_equal(slots.read("n_obs", 0, UPPER_LEFT), arrays["n_obs"])
    assert verify_plain_cube(plain).findings == ()


def test_calls_are_those_of_any_cube(plain: PlainCube) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    assert not write(plain, pixels(UPPER_LEFT, seed=1)).changed
    assert write(plain, pixels(UPPER_LEFT, seed=2), inputs="h2").changed
    record_failure(plain, JANUARY, LOWER_RIGHT, "b", provenance("h"))
    record_discarded(plain, JANUARY, {"c": Rectangle(0, 64, 64, 120)}, provenance("land"))
    ledger = read_ledger(plain)
    assert dict(zip(ledger["area"], ledger["state"], strict=True)) == {"a": "written", "b": "failed", "c": "ocean"}
    assert holds_region(plain, JANUARY, UPPER_LEFT, area_key="a")
    metadata = {"product": "example", "partition": "a deleted"}
    assert clear_region(plain, JANUARY, UPPER_LEFT, area_key="a", metadata=metadata).changed
    assert list(read_ledger(plain)["area"]) == ["b", "c"]
    assert verify_plain_cube(plain).findings == ()


def test_areas_that_share_a_shard_are_refused(plain: PlainCube) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    with pytest.raises(CubeError, match=r"area b at .* to be its own, got area a"):
        write(plain, pixels(UPPER_LEFT, seed=1), area="b")


def test_interrupted_write_is_not_told_of_and_is_done_again(plain: PlainCube) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    new = pixels(UPPER_LEFT, seed=2)

    def read(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        if band == "n_obs":
            raise KeyboardInterrupt
        return new[band][rows, columns]

    with pytest.raises(KeyboardInterrupt):
        write_region(plain, JANUARY, UPPER_LEFT, read, area_key="a", provenance=provenance("h2"))
    assert len(read_ledger(plain)) == 0
    said = [finding.said for finding in verify_plain_cube(plain).findings]
    assert len(said) == 1
    assert said[0].startswith("expected nothing without a row, got 4096 pixels of red, ")
    assert write(plain, new, inputs="h2").changed
    assert verify_plain_cube(plain).findings == ()


@pytest.mark.parametrize("arrays", [["red"], ["red", "classes", "n_obs", "time_bnds", "time"]])
def test_interrupted_extension_is_done_again(plain: PlainCube, arrays: list[str]) -> None:
    """Killed after some arrays got longer, and before the bounds of the new slots were written."""
    write(plain, pixels(UPPER_LEFT, seed=1))
    group = zarr.open_group(plain.address.uri, mode="r+")
    for name in arrays:
        array_at(group, name).resize((3, *array_at(group, name).shape[1:]))
    assert not holds_region(plain, MONTH.parse("2023-03"), UPPER_LEFT, area_key="a")
    assert extend_time(plain, MONTH.parse("2023-03")).changed
    assert [period.key for period in open_zarr_slots(Path(plain.address.uri)).periods] == [
        "2023-01", "2023-02", "2023-03",
    ]  # fmt: skip
    assert verify_plain_cube(plain).findings == ()


def test_opening_again_finds_what_is_there(plain: PlainCube) -> None:
    write(plain, pixels(UPPER_LEFT, seed=1))
    again = open_or_create_plain_cube(plain.address, template())
    assert list(read_ledger(again)["area"]) == ["a"]


def test_another_template_is_refused(plain: PlainCube) -> None:
    with pytest.raises(CubeError, match="n_obs: not expected, the cube has it"):
        open_or_create_plain_cube(plain.address, template(bands=BANDS[:2]))


def test_interrupted_creation_begins_again(tmp_path: Path) -> None:
    (tmp_path / ".plain.zarr.unfinished").mkdir()
    (tmp_path / ".plain.zarr.unfinished" / "zarr.json").write_text("half a docu")
    cube = open_or_create_plain_cube(CubeAddress(str(tmp_path / "plain.zarr")), template())
    assert verify_plain_cube(cube).findings == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plain.zarr", "plain.zarr.lock"]


def test_other_stores_of_zarr_are_taken(tmp_path: Path) -> None:
    address = CubeAddress("memory://plain")
    with pytest.raises(CubeError, match="Expected a Zarr store for memory://plain, got none"):
        open_or_create_plain_cube(address, template())
    cube = open_or_create_plain_cube(address, template(), MemoryStore())
    assert write(cube, pixels(UPPER_LEFT, seed=1)).changed
    assert verify_plain_cube(cube).findings == ()
    assert list(read_ledger(cube)["area"]) == ["a"]


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match=r"Expected to write .*plain\.lock, the lock"):
        open_or_create_plain_cube(CubeAddress(str(tmp_path / "file" / "plain")), template())


def test_full_disk_is_named(plain: PlainCube) -> None:
    def read(band: str, rows: slice, columns: slice) -> NDArray[Any]:
        raise OSError(28, "No space left on device")

    extend_time(plain, JANUARY)
    with pytest.raises(DiskFullError, match=r"room to write the cube .*, got: No space left on device; free space"):
        write_region(plain, JANUARY, UPPER_LEFT, read, area_key="a", provenance=provenance("h"))
    assert len(read_ledger(plain)) == 0
