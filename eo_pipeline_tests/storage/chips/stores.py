"""Small stores of chips that tests write; run as a program, it commits partition after partition until it is killed.

What does not belong here: expectations.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any

import icechunk
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.store_template import StoreTemplate
from eo_pipeline.storage.checksums import Crc32c
from eo_pipeline.storage.chips.chip_store import StoreCommit, StoredChip, open_or_create_store, write_chips
from eo_pipeline.storage.cubes import CubeAddress

BANDS = tuple(BandEncoding(name, "uint16", 1e-4, -0.1, 65535, "1") for name in ("B4", "B3"))
SHAPE = (2, 24, 24)
TEMPLATE = StoreTemplate("example", BANDS, 24, 24)


def pixels(seed: int) -> NDArray[np.uint16]:
    """Stored numbers of one chip, none of them nodata."""
    return np.random.default_rng(seed).integers(0, 10_000, SHAPE, dtype=np.uint16)


def chip(seed: int) -> StoredChip:
    """The chip `c<seed>`, 240 m east of the one before."""
    box = GeoBox(SHAPE[1:], Affine(10, 0, 500_000 + 240 * seed, 0, -10, 5_200_000), "EPSG:32633")
    checksum = Crc32c()
    checksum.add(pixels(seed).tobytes())
    when = datetime(2024, 1, 1, tzinfo=UTC)
    return StoredChip(f"c{seed}", box, when, checksum.text, str(seed % 3), "train" if seed % 2 else "test")


def write(address: CubeAddress, partition: str, seeds: list[int], **options: Any) -> StoreCommit:
    """Make a partition's chips those of the seeds."""
    store = open_or_create_store(address, TEMPLATE)
    metadata = {"product": "example", "partition": partition}
    options = {"read": lambda place: pixels(seeds[place]), **options}
    return write_chips(store, partition, [chip(seed) for seed in seeds], metadata=metadata, **options)


def write_three(address: CubeAddress, writer: int, start_at: float) -> list[StoreCommit]:
    """Three partitions of five chips, one after the other."""
    icechunk.set_logs_filter("error")
    time.sleep(max(0.0, start_at - time.time()))
    numbers = [writer * 10 + n for n in range(3)]
    return [write(address, f"p{n}", seeds_of(n)) for n in numbers]


def seeds_of(partition: int) -> list[int]:
    """Of a partition that one of several writers writes."""
    return list(range(partition * 5, partition * 5 + 5))


def write_from_three_processes(address: CubeAddress) -> list[StoreCommit]:
    """Create one store and write nine partitions, three at the same time."""
    start_at = time.time() + 5
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(write_three, address, writer, start_at) for writer in range(3)]
        return [commit for job in jobs for commit in job.result()]


def write_until_killed(folder: str) -> None:
    """Two hundred chips a partition, and a line when each is committed."""
    icechunk.set_logs_filter("error")
    for number in range(10_000):
        write(CubeAddress(folder), f"p{number}", list(range(number * 200, number * 200 + 200)))
        sys.stdout.write(f"p{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    write_until_killed(sys.argv[1])
