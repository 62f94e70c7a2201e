"""One job of many small tasks on each engine, as sides of the benchmark `engines`.

A task is what a small region of a cube costs: pixels, a codec, a file. Does not belong here: starting clusters.
"""

import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.harness import Json
from eo_pipeline.engines import Engine, Policy, in_batches, spawn
from eo_pipeline.engines.dask import Dask
from eo_pipeline.engines.lithops import Lithops
from eo_pipeline.engines.processes import Processes
from eo_pipeline.engines.timeline import timeline_of

SIDE = 256
"""Pixels a side of a task's region."""


def write_regions(tasks: Sequence[tuple[str, int]]) -> list[int]:
    """Compress and write one region a (folder, number); gives the CRC-32 of each one's pixels."""
    return [_write(Path(folder), number) for folder, number in tasks]


def on_processes(*, folder: str, tasks: int, batches: int, workers: int) -> Json:
    """Local processes, which are started by the call."""
    return _run(Processes(workers), folder, tasks, batches)


def on_dask(*, folder: str, tasks: int, batches: int, address: str) -> Json:
    """A Dask cluster that is there."""
    return _run(Dask(address), folder, tasks, batches)


def on_lithops(*, folder: str, tasks: int, batches: int, config: str) -> Json:
    """Lithops by a configuration's file."""
    return _run(Lithops(config), folder, tasks, batches)


def in_a_loop(*, folder: str, tasks: int) -> Json:
    """The same tasks without any engine, one after the other."""
    begun = time.perf_counter()
    sums = write_regions([(folder, number) for number in range(tasks)])
    return {"sums": sums, "worker_seconds": time.perf_counter() - begun}


def stored(folder: str, tasks: int) -> list[int]:
    """CRC-32 of the pixels that lie in the folder now."""
    return [zlib.crc32(zlib.decompress((Path(folder) / f"{number}.z").read_bytes())) for number in range(tasks)]


def _run(engine: Engine, folder: str, tasks: int, batches: int) -> Json:
    cut = in_batches([(folder, number) for number in range(tasks)], batches)
    outcomes = sorted(spawn(write_regions, cut, engine=engine, policy=Policy(retries=0)), key=lambda one: one.number)
    timeline = timeline_of(outcomes)
    return {
        "sums": [total for outcome in outcomes for total in outcome.value()],
        "worker_seconds": timeline.worker_seconds,
        "workers": len(timeline.workers),
    }


def _write(folder: Path, number: int) -> int:
    random = np.random.default_rng(number)
    smooth = np.add.outer(np.arange(SIDE), np.arange(SIDE)) + random.integers(0, 16, (SIDE, SIDE))
    pixels = smooth.astype(np.uint16).tobytes()
    partial = folder / f".{number}.part"
    partial.write_bytes(zlib.compress(pixels, 1))
    partial.replace(folder / f"{number}.z")
    return zlib.crc32(pixels)
