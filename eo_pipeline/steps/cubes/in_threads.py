"""Workers that are threads of this process, for shards that are copied from a file of this machine.

What does not belong here: workers elsewhere (`spawned`), and what is written (`storage.cubes`).
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.engines.cores import usable_cores
from eo_pipeline.storage.cubes import Run, ShardBatch, WrittenBatch

MEMORY = 512 * 2**20
"""Bytes that the shards in work may take together; one is in work at least."""


def in_threads(template: CubeTemplate) -> Run:
    """A `storage.cubes.Run` of as many threads as there are cores, fewer where shards are large."""
    rows, columns = template.shard_shape
    shard = rows * columns * sum(np.dtype(band.dtype).itemsize for band in template.bands)
    threads = max(1, min(usable_cores(), MEMORY // shard))

    def run(function: Callable[[ShardBatch], WrittenBatch], batches: Sequence[ShardBatch]) -> Iterator[WrittenBatch]:
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(function, batches)

    return run
