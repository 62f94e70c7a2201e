"""A store of chips, read by zarr and xarray; one commit a partition, places given out in the commit."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr

from eo_pipeline.core.chips.store_template import StoreTemplate
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.chips.chip_store import open_or_create_store
from eo_pipeline.storage.cubes import CubeAddress
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.chips.stores import (
    BANDS,
    SHAPE,
    TEMPLATE,
    pixels,
    seeds_of,
    write,
    write_from_three_processes,
)

PROJECT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _quiet_icechunk() -> None:
    icechunk.set_logs_filter("error")  # it warns of unlocked commits each time a local repository is opened


@pytest.fixture
def address(tmp_path: Path) -> CubeAddress:
    return CubeAddress(str(tmp_path / "chips"))


def head(address: CubeAddress) -> zarr.Group:
    """The store as zarr sees it, without our code."""
    repository = icechunk.Repository.open(address.storage())
    return zarr.open_group(repository.readonly_session("main").store, mode="r")


def held(address: CubeAddress) -> dict[tuple[str, str], int]:
    """Place of each chip by partition and id; fails if a chip's pixels are not those of its id."""
    group = head(address)
    partitions, ids, stored = (array_at(group, name)[:] for name in ("partition", "id", "chips"))
    found = {}
    for slot, (partition, name) in enumerate(zip(np.asarray(partitions), np.asarray(ids), strict=True)):
        if partition:
            np.testing.assert_array_equal(np.asarray(stored)[slot], pixels(int(str(name).removeprefix("c"))))
            found[str(partition), str(name)] = slot
        else:
            assert name == ""
            assert (np.asarray(stored)[slot] == 65535).all()
    return found


def snapshots(address: CubeAddress) -> int:
    return len(list(icechunk.Repository.open(address.storage()).ancestry(branch="main")))


def test_chips_are_found_with_all_that_is_known_of_them(address: CubeAddress) -> None:
    commit = write(address, "p1", [4, 5, 9])
    assert (commit.changed, commit.slots) == (True, (0, 1, 2))
    session = icechunk.Repository.open(address.storage()).readonly_session("main")
    found = xr.open_zarr(session.store, consolidated=False, zarr_format=3, chunks=None)
    assert found.chips.dims == ("chip", "band", "y", "x")
    assert {"id", "partition", "label", "split", "crs", "time", "transform", "centre_x", "centre_y"} <= set(
        found.coords
    )
    assert found.id.values.tolist() == ["c4", "c5", "c9"]
    assert found.label.values.tolist() == ["1", "2", "0"]
    assert found.split.values.tolist() == ["test", "train", "train"]
    assert found.time.values[0] == np.datetime64("2024-01-01")
    assert found.band.values.tolist() == ["B4", "B3"]
    assert found.crs.values.tolist() == ["EPSG:32633"] * 3
    assert found.centre_x.values.tolist() == [501_080, 501_320, 502_280]
    assert found.transform.values[0].tolist() == [10, 0, 500_960, 0, -10, 5_200_000]
    np.testing.assert_allclose(found.chips.sel(band="B3")[1], pixels(5)[1] * 1e-4 - 0.1, rtol=1e-6)
    assert found.chips.attrs["units"] == "1"


def test_chips_that_are_nodata_read_as_nan(address: CubeAddress) -> None:
    empty = np.full(SHAPE, 65535, "u2")
    write(address, "p1", [1], read=lambda _: empty)
    session = icechunk.Repository.open(address.storage()).readonly_session("main")
    assert np.isnan(xr.open_zarr(session.store, consolidated=False).chips.values).all()


def test_the_same_chips_again_change_nothing(address: CubeAddress) -> None:
    first = write(address, "p1", [1, 2, 3])
    write(address, "p2", [1, 2])
    before = snapshots(address)
    again = write(address, "p1", [1, 2, 3])
    assert (again.changed, again.slots, snapshots(address)) == (False, first.slots, before)


def test_a_partition_overwrites_its_places_frees_what_is_gone_and_takes_what_is_free(address: CubeAddress) -> None:
    write(address, "p1", [1, 2, 3])
    write(address, "p2", [2, 7])
    assert write(address, "p1", [3, 1]).slots == (2, 0)
    assert held(address) == {("p1", "c1"): 0, ("p1", "c3"): 2, ("p2", "c2"): 3, ("p2", "c7"): 4}
    assert write(address, "p3", [1, 8]).slots == (1, 5)
    assert write(address, "p2", []).slots == ()
    assert held(address) == {("p1", "c1"): 0, ("p1", "c3"): 2, ("p3", "c1"): 1, ("p3", "c8"): 5}


def test_other_pixels_under_the_same_id_replace_them(address: CubeAddress) -> None:
    write(address, "p1", [1])
    store = open_or_create_store(address, TEMPLATE)
    assert store.template.bands == BANDS
    changed = write(address, "p1", [2])
    assert (changed.changed, changed.slots) == (True, (0,))
    assert held(address) == {("p1", "c2"): 0}


def test_chips_of_another_size_are_refused_and_nothing_is_committed(address: CubeAddress) -> None:
    write(address, "p1", [1])
    message = r"Expected a chip of \(2, 24, 24\) uint16 .*, got \(2, 9, 9\) uint16; all chips of a store have one size"
    with pytest.raises(CubeError, match=message):
        write(address, "p2", [5], read=lambda _: np.zeros((2, 9, 9), "u2"))
    assert held(address) == {("p1", "c1"): 0}


def test_a_store_of_other_bands_is_refused(address: CubeAddress) -> None:
    write(address, "p1", [1])
    other = StoreTemplate("example", BANDS[:1], 24, 24)
    with pytest.raises(
        CubeError, match=r"to fit the product example, got differences:\n(?:  .*\n)*  chips shape: expected"
    ) as e:
        open_or_create_store(address, other)
    assert "Undo the product's change" in str(e.value)


def test_partitions_that_commit_at_the_same_time_are_all_whole(address: CubeAddress) -> None:
    commits = write_from_three_processes(address)
    assert len({commit.snapshot for commit in commits}) == 9
    numbers = [writer * 10 + n for writer in range(3) for n in range(3)]
    assert sorted(held(address)) == sorted((f"p{n}", f"c{seed}") for n in numbers for seed in seeds_of(n))
    assert sorted(slot for commit in commits for slot in commit.slots) == list(range(45))


@pytest.fixture
def writer(address: CubeAddress) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "eo_pipeline_tests.storage.chips.stores", address.uri]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT, env=environment) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("delay", [0.01, 0.04])
def test_a_killed_writer_leaves_its_last_commit_and_nothing_else(
    writer: subprocess.Popen[str], address: CubeAddress, delay: float
) -> None:
    assert writer.stdout is not None
    reported = [writer.stdout.readline().strip() for _ in range(2)]
    time.sleep(delay)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    reported += writer.stdout.read().split()
    found = held(address)
    whole = {name for name, _ in found}
    assert whole >= set(reported)
    assert len(whole) - len(reported) <= 1
    assert len(found) == 200 * len(whole)
    assert write(address, "after", [1, 2]).slots == (len(found), len(found) + 1)
