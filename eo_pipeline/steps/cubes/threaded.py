"""Workers that are threads of this process, for shards that are copied from a file of this machine.

What does not belong here: workers elsewhere (`spawned`), and what is written (`storage.cubes`).
"""

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.engines import Attempt, Outcome, Progress
from eo_pipeline.engines.cores import usable_cores
from eo_pipeline.engines.timeline import Timeline, timeline_of
from eo_pipeline.storage.threads import in_threads

MEMORY = 512 * 2**20
"""Bytes that the shards in work may take together; one is in work at least."""


class Threaded:
    """A `storage.cubes.Run` of as many threads as there are cores, fewer where shards are large; keeps its timeline.

    Args:
        template: of the cube.
        progress: told after each batch, if there are several.
    """

    def __init__(self, template: CubeTemplate, *, progress: Callable[[Progress], None] | None = None) -> None:
        rows, columns = template.shard_shape
        shard = rows * columns * sum(np.dtype(band.dtype).itemsize for band in template.bands)
        self._threads = max(1, min(usable_cores(), MEMORY // shard))
        self._progress = progress
        self._outcomes: list[Outcome[None, None]] = []
        self._lock = threading.Lock()

    @property
    def timeline(self) -> Timeline:
        """Of all batches that were done."""
        return timeline_of(self._outcomes)

    def __call__[Batch, Result](
        self, function: Callable[[Batch], Result], batches: Sequence[Batch]
    ) -> Sequence[Result]:
        """The results, as they came; the first error stops the rest, after the batches under way."""
        results: list[Result] = []

        def work(number: int) -> None:
            start = time.time()
            result = function(batches[number])
            done = Attempt(threading.current_thread().name, start, time.time(), "done")
            with self._lock:
                results.append(result)
                self._outcomes.append(Outcome(number, None, None, None, (done,)))
                self._tell(len(results), len(batches))

        in_threads(work, range(len(batches)), threads=self._threads, name="thread")
        return results

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None and total > 1:
            self._progress(Progress(total, min(self._threads, total - done), done, failed=0, lost=0))
