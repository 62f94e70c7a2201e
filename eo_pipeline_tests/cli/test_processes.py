"""Children end with what started them, whenever the signal comes."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from eo_pipeline.cli.processes import child, unwound_by_signals


@pytest.fixture
def alarms_terminate() -> Iterator[None]:
    """An alarm of the timer sends SIGTERM to this process."""
    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    yield
    signal.signal(signal.SIGALRM, before)


def children() -> list[str]:
    """Commands of this process's children that are alive."""
    listed = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    return [line for line in listed.splitlines() if "sleep" in line and not line.startswith("Z")]


def start_and_wait(log: Path, seconds: float) -> None:
    """Start a child; the alarm comes after so long."""
    with unwound_by_signals():
        signal.setitimer(signal.ITIMER_REAL, seconds)
        with child(["sleep", "60"], log=log, environment={}):
            time.sleep(1)


@pytest.mark.usefixtures("alarms_terminate")
def test_a_signal_at_any_moment_of_the_start_leaves_no_child(tmp_path: Path) -> None:
    for microseconds in range(100, 4100, 20):
        with pytest.raises(KeyboardInterrupt):
            start_and_wait(tmp_path / "log", microseconds / 1e6)
        assert children() == [], microseconds
