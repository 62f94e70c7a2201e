"""What a running stack costs: resident memory of its processes, and how long its sensors' ticks take.

What does not belong here: expectations.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eo_pipeline.cli.webserver import graphql
from eo_pipeline_tests.system.dagster_stack import DagsterStack

_TICKS = """
query Ticks($sensor: SensorSelector!) {
  sensorOrError(sensorSelector: $sensor) {
    ... on Sensor { sensorState { ticks(limit: 2000) { status timestamp endTimestamp error { message } } } }
  }
}
"""
_REPOSITORY = {"repositoryLocationName": "project", "repositoryName": "__repository__"}


@dataclass(frozen=True)
class Sample:
    """One look.

    Attributes:
        seconds: since the first.
        counts: partitions done, by stage.
        megabytes: resident memory by process, 1e6 bytes.
    """

    seconds: float
    counts: Mapping[str, int]
    megabytes: Mapping[str, float]

    def __str__(self) -> str:
        counts = "  ".join(f"{stage} {count}" for stage, count in self.counts.items())
        memory = "  ".join(f"{name} {size:.0f} MB" for name, size in self.megabytes.items())
        return f"{self.seconds:6.0f} s  {counts}  |  {memory}"


@dataclass
class Watch:
    """Samples, taken until the block ends."""

    samples: list[Sample] = field(default_factory=list)


@contextmanager
def watching(
    stack: DagsterStack, count: Callable[[], Mapping[str, int]], *, seconds: float, say: Callable[[str], None]
) -> Iterator[Watch]:
    """Look every so many seconds, say and keep what is seen."""
    watch, ended, began = Watch(), threading.Event(), time.monotonic()

    def look() -> None:
        while not ended.wait(seconds):
            memory = {name: resident_mb(process.pid) for name, process in stack.processes.items()}
            watch.samples.append(Sample(time.monotonic() - began, count(), memory))
            say(str(watch.samples[-1]))

    thread = threading.Thread(target=look, name="watching", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join(30)


def resident_mb(pid: int) -> float:
    """Resident memory of a process, MB (1e6 bytes); 0 if it is gone."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    lines = [line for line in status.read_text().splitlines() if line.startswith("VmRSS:")]
    return int(lines[0].split()[1]) * 1024 / 1e6 if lines else 0.0


@dataclass(frozen=True)
class Ticks:
    """Finished ticks of one sensor.

    Attributes:
        seconds: that each took, oldest first: evaluation, and the daemon's storing of its events and runs.
        errors: of those that failed.
    """

    seconds: Sequence[float]
    errors: Sequence[str]


def ticks_of(stack: DagsterStack, sensor: str) -> Ticks:
    """What the daemon recorded of a sensor."""
    selector: Mapping[str, Any] = {"sensor": {**_REPOSITORY, "sensorName": sensor}}
    found = graphql(stack.ui, _TICKS, selector)["sensorOrError"]["sensorState"]["ticks"]
    ended = [tick for tick in reversed(found) if tick["endTimestamp"]]
    return Ticks(
        [tick["endTimestamp"] - tick["timestamp"] for tick in ended],
        [str((tick["error"] or {}).get("message", "")) for tick in ended if tick["status"] == "FAILURE"],
    )
