"""Manifests of long and of wide cubes: a commit rewrites a small part of what tells where chunks are.

Chunks are made up: references to files that nobody reads, set as Icechunk sets those of other people's files.
"""

from pathlib import Path

import icechunk
import numpy as np
import pytest
import zarr
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.storage.cubes import Cube, CubeAddress, open_or_create_cube
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import template, utm

BAND = BandEncoding("red", "uint16", nodata=0)
SHARD = 64
MOST = 512
"""Chunks of a manifest."""


def cube_of(folder: Path, rows: int, columns: int, slots: int) -> Cube:
    """So many shards in each of so many slots; none is stored."""
    made = template(bands=(BAND,), geobox=utm(SHARD * rows, SHARD * columns))
    cube = open_or_create_cube(CubeAddress(str(folder)), made)
    assert isinstance(cube, Cube)
    session = cube.repository.writable_session("main")
    array_at(zarr.open_group(session.store), "red").resize((slots, SHARD * rows, SHARD * columns))
    session.commit("longer")
    return cube


def refer(cube: Cube, first: int, slots: int) -> None:
    """Commit references to all chunks of some slots."""
    shape, session = (slots, *cube.template.shard_grid), cube.repository.writable_session("main")
    places, many = ["file:///elsewhere"], int(np.prod(shape))
    offsets: NDArray[np.uint64] = np.random.default_rng(first).integers(0, 2**40, many, np.uint64)
    lengths = np.full(many, 7_000_000, np.uint64) + offsets % np.uint64(2**20)
    session.store.set_virtual_refs_arr(
        "red", shape, places * many, offsets, lengths, validate_containers=False, arr_offset=(first, 0, 0)
    )
    session.commit(f"slots {first} to {first + slots}")


def written(cube: Cube, slot: int) -> dict[str, list[int]]:
    """Bytes of the files, by folder, that a commit writes with one shard of a slot; the slot's others were there."""
    before = files(cube)
    session = cube.repository.writable_session("main")
    array = array_at(zarr.open_group(session.store), "red")
    array[slot, :SHARD, :SHARD] = np.random.default_rng(slot).integers(1, 999, (SHARD, SHARD))
    session.commit(f"slot {slot}")
    new: dict[str, list[int]] = {}
    for path in files(cube) - before:
        new.setdefault(path.parts[0], []).append((Path(cube.address.uri) / path).stat().st_size)
    return new


def files(cube: Cube) -> set[Path]:
    return {path.relative_to(cube.address.uri) for path in Path(cube.address.uri).rglob("*") if path.is_file()}


def chunks_of_manifests(cube: Cube) -> list[int]:
    """Of the head, the largest number first."""
    snapshot = cube.repository.lookup_branch("main")
    return sorted((manifest.num_chunk_refs for manifest in cube.repository.list_manifest_files(snapshot)), reverse=True)


def test_a_million_chunks_are_split_along_time(tmp_path: Path) -> None:
    cube = cube_of(tmp_path / "cube", 10, 10, 10_000)
    for first in range(0, 10_000, 500):
        refer(cube, first, 500)
    found = chunks_of_manifests(cube)
    assert sum(found) > 1_000_000
    assert found[0] == 500  # whole slots, no more of them than fit
    assert 2_000 <= len(found) < 2_010
    new = written(cube, 5_003)
    assert sum(new["manifests"]) < 30_000  # of more than 10 MB of them
    assert sum(new["snapshots"]) < 120_000  # which lists the manifests
    assert sum((tmp_path / "cube" / path).stat().st_size for path in files(cube) if "manifests" in path.parts) > 1e7


def test_a_slot_of_many_shards_is_split_in_squares(tmp_path: Path) -> None:
    cube = cube_of(tmp_path / "cube", 60, 70, 2)
    refer(cube, 0, 2)
    found = chunks_of_manifests(cube)
    assert found[0] <= MOST
    assert sum(found) > 2 * 60 * 70
    assert len(found) < 40
    assert sum(written(cube, 1)["manifests"]) < 30_000


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 2), (1, 900), (900, 1), (22, 23), (23, 24)])
def test_manifests_of_any_grid_are_neither_large_nor_many(tmp_path: Path, rows: int, columns: int) -> None:
    slots = 2 + 2 * MOST // (rows * columns)
    cube = cube_of(tmp_path / "cube", rows, columns, slots)
    refer(cube, 0, slots)
    found = [count for count in chunks_of_manifests(cube) if count > 1]
    assert max(found) <= MOST
    assert len(found) <= 4 * slots * rows * columns / MOST


def test_a_cube_opened_again_splits_in_the_same_way(tmp_path: Path) -> None:
    cube_of(tmp_path / "cube", 2, 2, 1)
    config = icechunk.Repository.open(CubeAddress(str(tmp_path / "cube")).storage()).config
    assert config.manifest is not None
    assert 'dimension_name("time"), 128' in str(config.manifest.splitting)
