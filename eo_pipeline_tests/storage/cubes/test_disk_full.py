"""No room left: the error says so and the head is what it was."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import DiskFullError
from eo_pipeline.storage.cubes import (
    CubeAddress,
    ShardTask,
    extend_time,
    open_cube,
    open_or_create_cube,
    open_or_create_icechunk_cube,
    read_ledger,
    shards_in,
    verify_cube,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import MONTH, START, pixels, template, utm
from eo_pipeline_tests.storage.cubes.shards import expected, seeded, tasks_for, write
from eo_pipeline_tests.storage.cubes.test_concurrency import PROJECT
from eo_pipeline_tests.storage.cubes.test_repository import head


def run_writer(folder: Path, *limits: str) -> subprocess.CompletedProcess[str]:
    """Write until it stops by itself."""
    command = [sys.executable, "-m", "eo_pipeline_tests.storage.cubes.writers", str(folder), *limits]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=PROJECT, env=environment, timeout=120, check=False
    )


def test_file_larger_than_allowed_is_named(tmp_path: Path) -> None:
    ended = run_writer(tmp_path / "cube", "40000")
    assert ended.returncode == 1
    assert f"DiskFullError: Expected room to write the cube {tmp_path / 'cube'}, got: " in ended.stderr
    assert "Nothing was committed." in ended.stderr
    assert open_cube(CubeAddress(str(tmp_path / "cube")))["red"].isnull().all()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a 4 MB tmpfs needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_is_named_and_what_was_committed_stays(small_disk: Path) -> None:
    ended = run_writer(small_disk / "cube")
    assert ended.returncode == 1
    assert "DiskFullError: Expected room to write the cube" in ended.stderr
    written = [line.split()[0] for line in ended.stdout.splitlines()]
    assert written
    cube = open_or_create_icechunk_cube(
        CubeAddress(str(small_disk / "cube")), template(geobox=utm(512, 512), shard=256)
    )
    assert list(read_ledger(cube)["period"]) == written
    for slot in range(len(written)):
        expected = pixels(Rectangle(0, 0, 512, 512), slot)["red"]
        np.testing.assert_array_equal(array_at(head(cube), "red")[slot], expected)


def test_full_disk_under_workers_leaves_what_was_committed(small_disk: Path) -> None:
    cube = open_or_create_icechunk_cube(
        CubeAddress(str(small_disk / "cube")), template(geobox=utm(512, 512), shard=256)
    )
    whole, written = Rectangle(0, 0, 512, 512), []

    def write_months() -> None:
        for number, period in enumerate(MONTH.periods(START, START.replace(year=2030))):
            shards = shards_in(cube.template, whole)
            write(cube, period.key, [ShardTask(shard, "h", partial(seeded, number)) for shard in shards], whole)
            written.append(period.key)

    with pytest.raises(DiskFullError, match=r"Expected room to write the cube .* Nothing was committed\."):
        write_months()
    assert written
    assert list(read_ledger(cube)["period"]) == written
    red = array_at(head(cube), "red")
    for slot in range(len(written)):
        for shard in shards_in(cube.template, whole):
            np.testing.assert_array_equal(red[slot, *shard.slices], seeded(slot, shard)["red"])


def test_full_disk_while_a_cube_is_created_or_grows_is_named_and_nothing_is_lost(small_disk: Path) -> None:
    address, filler = CubeAddress(str(small_disk / "cube")), small_disk / "filler"
    fill(filler)
    with pytest.raises(DiskFullError, match=r"Expected room to write .*cube.*, got: .*free space"):
        open_or_create_icechunk_cube(address, template())
    filler.unlink()
    cube = open_or_create_icechunk_cube(address, template())
    write(cube, "2023-01", tasks_for(1))
    before = cube.repository.lookup_branch("main")
    fill(filler)
    with pytest.raises(DiskFullError, match=r"Expected room to write the cube .* Nothing was committed\."):
        extend_time(cube, MONTH.parse("2040-01"))
    assert cube.repository.lookup_branch("main") == before
    np.testing.assert_array_equal(array_at(head(cube), "red")[0], expected(1, "red"))
    filler.unlink()
    assert write(cube, "2023-02", tasks_for(2)).changed
    assert verify_cube(address, template()).findings == ()


def test_full_disk_under_plain_zarr_costs_the_partition_alone(small_disk: Path) -> None:
    address, filler = CubeAddress(str(small_disk / "plain"), store="zarr"), small_disk / "filler"
    cube = open_or_create_cube(address, template())
    write(cube, "2023-01", tasks_for(1))
    extend_time(cube, MONTH.parse("2023-02"))
    fill(filler)
    os.truncate(filler, filler.stat().st_size - 40_960)
    with pytest.raises(DiskFullError, match=r"room to write the cube .*, got: .*No space left on device.*; free space"):
        write(cube, "2023-02", tasks_for(2))
    assert list(read_ledger(cube)["state"]) == ["written", "failed"]
    filler.unlink()
    assert write(cube, "2023-02", tasks_for(2)).changed
    for slot in range(2):
        np.testing.assert_array_equal(array_at(cube.read(), "red")[slot], expected(slot + 1, "red"))
    assert verify_cube(address, template()).findings == ()


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with suppress(OSError), path.open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()
