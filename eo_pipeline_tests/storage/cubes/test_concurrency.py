"""Four processes write one local cube at once: nothing is lost, and a killed writer harms nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import StorageError
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    extend_time,
    open_or_create_icechunk_cube,
    read_ledger,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.lock import sole_committer
from eo_pipeline_tests.storage.cubes.examples import (
    BANDS,
    MONTH,
    pixels,
    provenance,
    reader,
    template,
    utm,
    write_region,
)
from eo_pipeline_tests.storage.cubes.test_repository import head
from eo_pipeline_tests.storage.cubes.writers import AREAS, PERIODS, seed_of, write_from_four_processes

PROJECT = Path(__file__).parents[3]


def assert_nothing_lost(cube: Cube, reported: list[str]) -> None:
    """Every commit reported is in one line of history; ledger and pixels hold every partition."""
    history = [snapshot.id for snapshot in cube.repository.ancestry(branch="main")]
    assert len(set(reported)) == len(reported) == len(AREAS) * len(PERIODS)
    assert set(reported) <= set(history)
    ledger = read_ledger(cube)
    expected = [(period.key, f"area{area}") for period in PERIODS for area in range(4)]
    assert list(zip(ledger["period"], ledger["area"], strict=True)) == expected
    group = head(cube)
    for slot, period in enumerate(PERIODS):
        for area, region in enumerate(AREAS):
            written = pixels(region, seed_of(area, period))
            for band in BANDS:
                np.testing.assert_array_equal(array_at(group, band.name)[slot, *region.slices], written[band.name])


def test_no_commit_of_four_processes_is_lost(address: CubeAddress) -> None:
    reported = write_from_four_processes(address)
    assert_nothing_lost(open_or_create_icechunk_cube(address, template()), reported)


def test_lock_lets_one_committer_in(address: CubeAddress) -> None:
    inside: list[int] = []

    def enter(number: int) -> bool:
        with sole_committer(address):
            inside.append(number)
            time.sleep(0.02)
            alone = inside == [number]
            inside.remove(number)
        return alone

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(enter, range(12)))


def test_lock_file_lies_beside_the_repository(cube: Cube, tmp_path: Path) -> None:
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cube", "cube.lock"]


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(
        StorageError, match=r"Expected to write .*/cube\.lock, the lock .* a folder that can be written"
    ):
        open_or_create_icechunk_cube(CubeAddress(str(tmp_path / "file" / "cube")), template())


@pytest.fixture
def writer(address: CubeAddress) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "eo_pipeline_tests.storage.cubes.writers", address.uri]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT, env=environment) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("delay", [0.0, 0.013, 0.031, 0.047])
def test_killed_writer_leaves_a_readable_head_and_no_lock(
    writer: subprocess.Popen[str], address: CubeAddress, delay: float
) -> None:
    assert writer.stdout is not None
    reported = [writer.stdout.readline().split()[0] for _ in range(3)]
    time.sleep(delay)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    reported += [line.split()[0] for line in writer.stdout.read().splitlines()]
    cube = open_or_create_icechunk_cube(address, template(geobox=utm(512, 512), shard=256))
    keys = list(read_ledger(cube)["period"])
    assert keys[: len(reported)] == reported
    assert len(keys) - len(reported) <= 1
    region, red = Rectangle(0, 0, 512, 512), array_at(head(cube), "red")
    for slot in range(len(keys)):
        np.testing.assert_array_equal(red[slot], pixels(region, slot)["red"])
    period = MONTH.parse("2030-01")
    extend_time(cube, period)
    read = reader(pixels(region, 7))
    assert write_region(cube, period, region, read, area_key="all", provenance=provenance("h")).changed
