"""No room left: the error says so and the head is what it was."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes import CubeAddress, open_cube, open_or_create_cube, read_ledger
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import pixels, template, utm
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
    cube = open_or_create_cube(CubeAddress(str(small_disk / "cube")), template(geobox=utm(512, 512), shard=256))
    assert list(read_ledger(cube)["period"]) == written
    for slot in range(len(written)):
        expected = pixels(Rectangle(0, 0, 512, 512), slot)["red"]
        np.testing.assert_array_equal(array_at(head(cube), "red")[slot], expected)
