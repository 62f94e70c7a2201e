"""Runs whose process has died: real processes, and what the launcher tells Dagster's monitoring of them."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from eo_pipeline.orchestration.run_launcher import WatchfulRunLauncher, is_alive

ROOT = Path(__file__).parents[2]


@dg.op
def nothing() -> None: ...


@dg.job
def work() -> None:
    nothing()


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as found:
        yield found
        found.kill()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """An instance with the launcher of the project's dagster.yaml."""
    launcher = yaml.safe_load((ROOT / "dagster.yaml").read_text())["run_launcher"]
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides={"run_launcher": launcher}) as instance:
        yield instance


def a_run(instance: dg.DagsterInstance, *, pid: int | None, host: str = "127.0.0.1") -> dg.DagsterRun:
    """A run that a code server of a host started as a process."""
    tags = {GRPC_INFO_TAG: json.dumps({"host": host, "port": 4000})}
    run = instance.create_run_for_job(work, tags=tags)
    if pid is not None:
        instance.report_engine_event(f"Started process for run (pid: {pid}).", run)
    return run


def health(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    assert isinstance(instance.run_launcher, WatchfulRunLauncher)
    assert instance.run_launcher.supports_check_run_worker_health
    return instance.run_launcher.check_run_worker_health(run).status


def test_a_run_whose_process_is_killed_is_not_found(
    watched: dg.DagsterInstance, process: "subprocess.Popen[bytes]"
) -> None:
    run, elsewhere = (a_run(watched, pid=process.pid, host=host) for host in ("127.0.0.1", "code-server.internal"))
    assert health(watched, run) is WorkerStatus.RUNNING
    process.kill()
    process.wait()
    assert health(watched, run) is WorkerStatus.NOT_FOUND
    assert health(watched, elsewhere) is WorkerStatus.RUNNING
    assert health(watched, a_run(watched, pid=None)) is WorkerStatus.RUNNING


def test_a_number_that_another_process_has_by_now_is_not_alive(process: "subprocess.Popen[bytes]") -> None:
    assert is_alive(process.pid, time.time())
    assert not is_alive(process.pid, time.time() - 60)
