"""Times work on arrays that are in memory already; needs numpy only. Does not belong here: the work."""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.composites.scenes import read_scenes

Work = Callable[[list[NDArray[np.uint16]], NDArray[np.bool_]], Sequence[NDArray[np.uint16]]]
"""From (scene, y, x) of each band and of what is usable to (y, x) of each band."""
THREADS = 4
"""That read scenes: one a core."""
ENOUGH_S = 1.0
"""Seconds of work after which it is not done again."""


def timed(work: Work, *, scenes: str, answer: str) -> dict[str, float]:
    """Does the work, again and again until a second is over, and writes what came out.

    A worker composites one place after the other: what memory and processor do in the first milliseconds is told apart.

    Args:
        work: see above.
        scenes: the folder of scenes.
        answer: the file that is written.

    Returns:
        seconds and cpu_s of the work alone, the median of its calls; first_s of the first one; and input_mb, what the
        arrays take (1e6 bytes).
    """
    bands, usable = read_scenes(scenes)
    found, cost = repeated(lambda: work(bands, usable))
    np.save(Path(answer), np.stack(found))
    return {**cost, "input_mb": (sum(band.nbytes for band in bands) + usable.nbytes) / 1e6}


def repeated[T](work: Callable[[], T]) -> tuple[T, dict[str, float]]:
    """What the last call gave; seconds, cpu_s and first_s of the calls."""
    calls: list[tuple[float, float]] = []
    while sum(seconds for seconds, _ in calls) < ENOUGH_S:
        worked, started = _cpu_seconds(), time.perf_counter()
        found = work()
        calls.append((time.perf_counter() - started, _cpu_seconds() - worked))
    return found, {
        "seconds": statistics.median(seconds for seconds, _ in calls),
        "cpu_s": statistics.median(cpu_s for _, cpu_s in calls),
        "first_s": calls[0][0],
    }


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
