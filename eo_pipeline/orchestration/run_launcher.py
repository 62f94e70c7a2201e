"""Dagster's own run launcher, which also notices runs whose process has died.

A code server notices the death of a run that it started, and nobody that of a run whose code server died as well: after
a power failure it would count as started for ever, and keep its place among the runs allowed at once (dagster 1.13).
What does not belong here: how often one looks, and that a lost run is started again (`dagster.yaml`).
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.tags import GRPC_INFO_TAG

_PID = re.compile(r"Started process for run \(pid: (\d+)\)")
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})
_LATE_SECONDS = 10.0
"""How much later than it said so a process may seem to have started: clocks are set."""


class WatchfulRunLauncher(DefaultRunLauncher):
    """Starts runs as Dagster does, and tells its monitoring which of this machine's are dead."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """True, so that monitoring asks."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """NOT_FOUND if the run's process was on this machine and is no more; RUNNING in every other case."""
        worker = _worker(self._instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT))
        if worker is None or not _is_here(run) or is_alive(*worker):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"the run's process {worker[0]} is no more")


def is_alive(pid: int, seen: float) -> bool:
    """Whether a process that was seen at an instant still runs.

    Args:
        pid: its number, which another process may have by now.
        seen: seconds since 1970.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    started = _started(pid)
    return started is None or started <= seen + _LATE_SECONDS


def _started(pid: int) -> float | None:
    """Seconds since 1970 at which a process started; None where the system has no /proc, or if it ends meanwhile."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        booted = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text(), re.MULTILINE)
    except OSError:
        return None
    return None if booted is None else int(booted[1]) + int(ticks) / os.sysconf("SC_CLK_TCK")


def _worker(entries: Sequence[dg.EventLogEntry]) -> tuple[int, float] | None:
    """The process that works on a run, and when it said so; None if none did yet."""
    for entry in reversed(entries):
        if match := _PID.search(entry.message or entry.user_message):
            return int(match[1]), entry.timestamp
    return None


def _is_here(run: dg.DagsterRun) -> bool:
    """Whether the code server that started a run, and so the run, is on this machine."""
    where = json.loads(run.tags.get(GRPC_INFO_TAG, "{}"))
    return "socket" in where or where.get("host") in _HERE
