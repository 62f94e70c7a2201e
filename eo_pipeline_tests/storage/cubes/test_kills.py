"""kill -9 of a worker or of the coordinator: the head is what it was, and what they left is garbage."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes import (
    Cube,
    CubeAddress,
    collect_garbage,
    open_or_create_icechunk_cube,
    read_ledger,
    verify_cube,
)
from eo_pipeline_tests.storage.cubes.examples import template
from eo_pipeline_tests.storage.cubes.shards import SHARDS, tasks_for, write
from eo_pipeline_tests.storage.cubes.test_concurrency import PROJECT
from eo_pipeline_tests.storage.cubes.test_forks import assert_whole
from eo_pipeline_tests.storage.cubes.test_repository import history

BEFORE = ["example time axis to 2023-01", "example template", "Repository initialized"]


@pytest.fixture
def coordinator(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A coordinator that has written three shards of four and hangs in the last."""
    with hanging(tmp_path, "icechunk", lambda: len(chunks(tmp_path)) == len(SHARDS[:3]) * 3) as process:
        yield process


@contextmanager
def hanging(folder: Path, store: str, ready: Callable[[], bool]) -> Iterator[subprocess.Popen[str]]:
    """A coordinator that hangs in its last shard; `ready` tells that the others are written."""
    command = [sys.executable, "-m", "eo_pipeline_tests.storage.cubes.shards", str(folder), store]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=PROJECT, env=environment) as process:
        wait_until(lambda: bool(workers(folder)) and ready())
        yield process
        process.kill()


def wait_until(ready: object) -> None:
    assert callable(ready)
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def workers(folder: Path) -> list[int]:
    return [int(path.stem) for path in folder.glob("*.worker")]


def chunks(folder: Path) -> list[Path]:
    return [path for path in (folder / "cube" / "chunks").rglob("*") if path.is_file()]


def opened(folder: Path) -> Cube:
    return open_or_create_icechunk_cube(CubeAddress(str(folder / "cube")), template())


def assert_untouched_and_usable(folder: Path) -> None:
    """Nothing of the partition is there; it can be written, and what was left is collected."""
    cube, now = opened(folder), datetime.now(UTC)
    assert history(cube) == BEFORE
    assert len(read_ledger(cube)) == 0
    assert verify_cube(cube.address, cube.template).shards == 0
    left = len(chunks(folder))
    assert left
    collected = collect_garbage(cube.address, older_than=now, now=now, dry_run=False)
    assert (collected.chunks, chunks(folder)) == (left, [])
    assert write(cube, "2023-01", tasks_for(7)).changed
    assert_whole(cube, seed=7)


def test_killed_worker_leaves_nothing(coordinator: subprocess.Popen[str], tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with pytest.raises(CubeError, match=r"Expected nobody to write to the cube .*/cube, got a writer; what it has"):
        collect_garbage(opened(tmp_path).address, older_than=now, now=now, dry_run=False)
    (worker,) = workers(tmp_path)
    os.kill(worker, signal.SIGKILL)
    _, errors = coordinator.communicate(timeout=90)
    assert coordinator.returncode == 1
    assert "BrokenProcessPool: " in errors
    assert_untouched_and_usable(tmp_path)


def test_killed_coordinator_leaves_nothing(coordinator: subprocess.Popen[str], tmp_path: Path) -> None:
    coordinator.send_signal(signal.SIGKILL)
    coordinator.wait()
    assert_untouched_and_usable(tmp_path)
