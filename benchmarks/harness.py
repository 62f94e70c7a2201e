"""Measures two sides alternately, each time in a fresh process, and compares what they answer.

What does not belong here: what is measured (a module each), and peers' environments (`peer_environments`).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.aims import rounded
from benchmarks.process_tree import watched

ROOT = Path(__file__).parents[1]

# What a measured function takes and returns: JSON, since it runs in another process; of big outputs, their paths.
Json = Any

ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GDAL_NUM_THREADS"), "1")
"""Environment of a side that may use one core only."""


class BenchmarkError(RuntimeError):
    """A measured function failed: holds the end of what it wrote to stderr."""


@dataclass(frozen=True)
class Side:
    """One function to measure.

    Attributes:
        name: of the method, as it is printed.
        module: defines the function, such as benchmarks.self_test; its imports at the top are not timed.
        function: name in that module; takes `arguments` by keyword and returns JSON.
        arguments: JSON values.
        python: interpreter to run it with.
        environment: variables laid over those of this process.
        prepare: a function of the same module, called with the same arguments before the clock starts, to load what a
            process loads once; empty for none.
        makes: files that are removed before each measurement, so that it makes new ones, as in use.
    """

    name: str
    module: str
    function: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    python: Path = Path(sys.executable)
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: str = ""
    makes: Sequence[Path] = ()


@dataclass(frozen=True)
class Measurement:
    """One execution.

    Attributes:
        load_s: seconds of what prepared for it, which are in no other number.
        seconds: by the clock.
        cpu_s: seconds that all cores together worked, in all processes of the side.
        idle_mb: resident memory before the function was called, imports and preparation included, MB (1e6 bytes).
        peak_mb: highest resident memory of the process, or of it and its descendants together if more was seen.
        answer: what was returned.
    """

    load_s: float
    seconds: float
    cpu_s: float
    idle_mb: float
    peak_mb: float
    answer: Json


@dataclass(frozen=True)
class Comparison:
    """One line of the result.

    Attributes:
        name: what was compared.
        ours_s: median wall seconds of this project.
        peer: name of the other method.
        peer_s: its median wall seconds.
        ratio: peer_s / ours_s; above 1 this project is faster.
        limit_s: median wall seconds of what no method can avoid, in the same run; None if there is no such measure.
        peak_mb: highest resident memory of this project's process, MB (1e6 bytes).
        equal: True if the outputs were compared and found equal in every round.
    """

    name: str
    ours_s: float
    peer: str
    peer_s: float
    ratio: float
    limit_s: float | None
    peak_mb: float
    equal: bool

    def to_json(self) -> str:
        """One line; seconds with four significant digits."""
        return json.dumps(rounded(asdict(self)))


def measure(side: Side) -> Measurement:
    """Runs one side once, in a process of its own.

    Raises:
        BenchmarkError: if the process fails.
    """
    called = {"module": side.module, "function": side.function, "prepare": side.prepare}
    task = json.dumps(called | {"arguments": dict(side.arguments)})
    for path in side.makes:
        path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        with (
            subprocess.Popen(
                [side.python, "-m", "benchmarks.child", report],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env={**os.environ, **side.environment},
            ) as process,
            watched(process.pid) as watch,
        ):
            _, errors = process.communicate(task)
        if process.returncode != 0:
            msg = f"{side.name} ended with exit code {process.returncode}: {errors.strip()[-2000:]}"
            raise BenchmarkError(msg)
        measurement = Measurement(**json.loads(report.read_text()))
        return replace(measurement, peak_mb=max(measurement.peak_mb, watch.peak_mb))


def in_turn(name: str, sides: Sequence[Side], rounds: int) -> list[list[Measurement]]:
    """Measures several sides one after the other, `rounds` times; gives the measurements of each side.

    What one side left to be written to disk is written before the next begins.
    """
    measured: list[list[Measurement]] = [[] for _ in sides]
    for number in range(rounds):
        print(f"{name}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for side, measurements in zip(sides, measured, strict=True):
            os.sync()
            measurements.append(measure(side))
    return measured


def compare(
    name: str,
    *,
    ours: Side,
    peer: Side,
    equal: Callable[[Json, Json], bool],
    limit: Side | None = None,
    rounds: int = 3,
) -> Comparison:
    """Measures ours, peer and limit in turn, `rounds` times, and compares the answers of each round.

    Args:
        name: what is compared.
        ours: this project's side.
        peer: the other side.
        equal: whether two answers (ours, peer's) mean the same result.
        limit: what no method can avoid, such as reading the input.
        rounds: how often; the median is reported.
    """
    sides = [ours, peer] if limit is None else [ours, peer, limit]
    mine, theirs, *floor = in_turn(name, sides, rounds)
    ours_s, peer_s = _median_seconds(mine), _median_seconds(theirs)
    return Comparison(
        name=name,
        ours_s=ours_s,
        peer=peer.name,
        peer_s=peer_s,
        ratio=peer_s / ours_s,
        limit_s=_median_seconds(floor[0]) if floor else None,
        peak_mb=max(measurement.peak_mb for measurement in mine),
        equal=all(equal(our.answer, their.answer) for our, their in zip(mine, theirs, strict=True)),
    )


def inner(measured: Measurement) -> Measurement:
    """With the times that the function took itself, which its answer tells: it prepares before its own clock."""
    return replace(measured, seconds=measured.answer["seconds"], cpu_s=measured.answer["cpu_s"])


def _median_seconds(measurements: list[Measurement]) -> float:
    return statistics.median(measurement.seconds for measurement in measurements)
