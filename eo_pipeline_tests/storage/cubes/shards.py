"""Partitions that tests write shard by shard: seeded pixels, as a worker reads them.

`python -m eo_pipeline_tests.storage.cubes.shards FOLDER STORE` is a coordinator with two workers: it writes January
of a cube and hangs in its last shard, until it or a worker is killed; each worker's process id is a file in FOLDER.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_ledger import State
from eo_pipeline.core.cubes.store_kind import StoreKind
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes import (
    CubeAddress,
    CubeStore,
    RegionCommit,
    Run,
    ShardBatch,
    ShardReader,
    ShardTask,
    WrittenBatch,
    extend_time,
    open_or_create_cube,
    read_history,
    read_ledger,
    shards_in,
    verify_cube,
    write_partition,
)
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.storage.cubes.examples import MONTH, START, pixels, provenance, template

WHOLE = Rectangle(0, 0, 100, 120)
SHARDS = (Rectangle(0, 0, 64, 64), Rectangle(0, 64, 64, 120), Rectangle(64, 0, 100, 64), Rectangle(64, 64, 100, 120))

MONTHS = MONTH.periods(START, START.replace(month=4))

type Work = Callable[[ShardBatch], WrittenBatch]


def seeded(seed: int, shard: Rectangle) -> dict[str, NDArray[Any]]:
    """Numbers 1 to 199 that differ from shard to shard."""
    return pixels(shard, seed * 1_000_000 + shard.row_start * 1000 + shard.column_start)


def expected(seed: int, band: str, region: Rectangle = WHOLE) -> NDArray[Any]:
    """What a region of the example cube holds once it was written from seeded shards."""
    dtype = seeded(seed, SHARDS[0])[band].dtype
    whole = np.zeros((WHOLE.height, WHOLE.width), dtype)
    for shard in SHARDS:
        whole[shard.slices] = seeded(seed, shard)[band]
    return whole[region.slices]


def tasks_for(
    seed: int, region: Rectangle = WHOLE, *, inputs: str = "h1", read: ShardReader | None = None
) -> list[ShardTask]:
    """A task a shard, all with the same inputs."""
    reader = read or partial(seeded, seed)
    return [ShardTask(shard, inputs, reader) for shard in shards_in(template(), region)]


def nothing(shard: Rectangle, state: State, inputs: str = "h1") -> ShardTask:
    """A shard that is not read."""
    return ShardTask(shard, inputs, None, state)


def here(work: Work, batches: Sequence[ShardBatch]) -> Iterable[WrittenBatch]:
    """Workers that are not there: one batch after the other in this process."""
    return map(work, batches)


def in_pool(pool: ProcessPoolExecutor) -> Run:
    """Workers that are processes of a pool."""

    def run(work: Work, batches: Sequence[ShardBatch]) -> Iterable[WrittenBatch]:
        return pool.map(work, batches)

    return run


def write(
    cube: CubeStore, key: str, tasks: Sequence[ShardTask], region: Rectangle = WHOLE, *, run: Run = here,
    area: str = "all", inputs: str = "h1", batch_size: int = 1,
) -> RegionCommit:  # fmt: skip
    """Extend time and write a partition."""
    extend_time(cube, MONTH.parse(key))
    return write_partition(
        cube, MONTH.parse(key), region, tasks, run,
        area_key=area, provenance=provenance(inputs, key), batch_size=batch_size,
    )  # fmt: skip


def write_from_four_threads(address: CubeAddress) -> list[str]:
    """Write the four shards, each an area of its own, in three months, the latest first; the snapshots reported."""
    open_or_create_cube(address, template())
    with ThreadPoolExecutor(4) as pool:
        return [snapshot for each in pool.map(partial(_write_months, address), range(4)) for snapshot in each]


def _write_months(address: CubeAddress, number: int) -> list[str]:
    cube, region = open_or_create_cube(address, template()), SHARDS[number]
    return [
        write(cube, month.key, tasks_for(month.start.month, region), region, area=f"area{number}").snapshot
        for month in reversed(MONTHS)
    ]


def assert_nothing_lost(address: CubeAddress, reported: list[str]) -> None:
    """Every commit that was reported is in one line of history; ledger and pixels hold every partition."""
    cube = open_or_create_cube(address, template())
    assert len(set(reported)) == len(reported) == 4 * len(MONTHS)
    assert set(reported) <= {version.snapshot for version in read_history(address)}
    wanted = [(month.key, f"area{number}") for month in MONTHS for number in range(4)]
    ledger = read_ledger(cube)
    assert list(zip(ledger["period"], ledger["area"], strict=True)) == wanted
    for slot, month in enumerate(MONTHS):
        np.testing.assert_array_equal(array_at(cube.read(), "red")[slot], expected(month.start.month, "red"))
    assert verify_cube(address, template()).findings == ()


def hanging(folder: Path, shard: Rectangle) -> dict[str, NDArray[Any]]:
    """Seeded pixels; for those of the last shard one waits until whoever asked is gone."""
    if shard == SHARDS[-1]:
        parent = os.getppid()
        (folder / f"{os.getpid()}.worker").touch()
        while os.getppid() == parent:
            time.sleep(0.05)
        os._exit(1)
    return seeded(7, shard)


def write_and_hang(folder: Path, store: StoreKind) -> None:
    """A coordinator with two workers, one of which hangs."""
    icechunk.set_logs_filter("error")
    cube = open_or_create_cube(CubeAddress(str(folder / "cube"), store=store), template())
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        write(cube, "2023-01", tasks_for(7, read=partial(hanging, folder)), run=in_pool(pool))


if __name__ == "__main__":
    try:
        write_and_hang(Path(sys.argv[1]), "zarr" if sys.argv[2] == "zarr" else "icechunk")
    except Exception as error:  # noqa: BLE001 - the test reads which error it was
        sys.exit(f"{type(error).__name__}: {error}")
