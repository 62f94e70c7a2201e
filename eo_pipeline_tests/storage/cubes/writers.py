"""Processes that write cubes: started by tests with spawn, as the pipeline's workers are.

`python -m eo_pipeline_tests.storage.cubes.writers FOLDER [MAX_FILE_BYTES]` writes months to a local cube until it is
killed or has no room, printing a line a commit.
"""

import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import icechunk

from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.storage.cubes import CubeAddress, extend_time, open_or_create_cube
from eo_pipeline_tests.storage.cubes.examples import (
    MONTH,
    START,
    pixels,
    provenance,
    reader,
    template,
    utm,
    write_region,
)

AREAS = tuple(windows(height=100, width=120, rows=64, columns=64))
PERIODS = MONTH.periods(START, START.replace(month=7))


def seed_of(area: int, period: Period) -> int:
    """The seed of a partition's pixels."""
    return area * 1000 + period.start.month


def write_months(address: CubeAddress, area: int, start_at: float) -> list[str]:
    """Write every period of one area, the latest first; return the snapshots reported."""
    icechunk.set_logs_filter("error")
    time.sleep(max(0.0, start_at - time.time()))
    cube = open_or_create_cube(address, template())
    snapshots = []
    for period in reversed(PERIODS):
        extend_time(cube, period)
        read = reader(pixels(AREAS[area], seed_of(area, period)))
        commit = write_region(
            cube, period, AREAS[area], read, area_key=f"area{area}", provenance=provenance("h", period.key)
        )
        snapshots.append(commit.snapshot)
    return snapshots


def write_from_four_processes(address: CubeAddress) -> list[str]:
    """Create one cube and write its four areas at once, from a common start; return the snapshots reported."""
    start_at = time.time() + 6
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        written = [pool.submit(write_months, address, area, start_at) for area in range(4)]
        return [snapshot for each in written for snapshot in each.result()]


def write_until_stopped(folder: str) -> None:
    """Write month after month of 512 x 512 pixels, which do not compress."""
    icechunk.set_logs_filter("error")
    region = Rectangle(0, 0, 512, 512)
    cube = open_or_create_cube(CubeAddress(folder), template(geobox=utm(512, 512), shard=256))
    for number, period in enumerate(MONTH.periods(START, START.replace(year=2100))):
        extend_time(cube, period)
        read = reader(pixels(region, number))
        commit = write_region(cube, period, region, read, area_key="all", provenance=provenance("h", period.key))
        sys.stdout.write(f"{period.key} {commit.snapshot}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    try:
        write_until_stopped(sys.argv[1])
    except EoPipelineError as error:
        sys.exit(f"{type(error).__name__}: {error}")
