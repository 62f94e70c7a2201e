"""`python -m eo_pipeline_tests.chaos_cubes.coordinator FOLDER NUMBER`: writes its list of partitions, with workers.

Each writing that is done is a line of its log; started again, it goes on after the last line. What does not belong
here: who kills it.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import icechunk
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_ledger import Provenance, State
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.engines import spawn
from eo_pipeline.engines.processes import Processes
from eo_pipeline.errors import StorageError, WorkerLostError
from eo_pipeline.storage.cubes import (
    CubeAddress,
    CubeStore,
    RegionCommit,
    Run,
    ShardBatch,
    ShardTask,
    WrittenBatch,
    extend_time,
    open_or_create_cube,
    write_partition,
)
from eo_pipeline_tests.chaos_cubes.plan import (
    AREA_SHARDS,
    AREAS,
    FIRST_YEAR,
    HEIGHT,
    SHARD,
    WIDTH,
    Plan,
    ShardInput,
    Write,
)
from eo_pipeline_tests.storage.cubes.examples import BANDS, MONTH, utm

_TRIES = 30
_PAUSE_SECONDS = 0.5
_WORKERS = 2


@dataclass(frozen=True)
class Job:
    """What coordinators are told: a file in their folder.

    Attributes:
        plan: what is written.
        uri: of the cube.
        options: of its storage.
        shard_seconds: that reading a shard takes, so that kills meet it.
    """

    plan: Plan
    uri: str
    options: dict[str, Any]
    shard_seconds: float

    @property
    def address(self) -> CubeAddress:
        """Of the cube."""
        return CubeAddress(self.uri, self.options)

    def save(self, folder: Path) -> None:
        """For coordinators."""
        (folder / "job.json").write_text(json.dumps(asdict(self)))


def load_job(folder: Path) -> Job:
    """What `Job.save` wrote."""
    found = json.loads((folder / "job.json").read_text())
    return Job(Plan(**found.pop("plan")), **found)


def template() -> CubeTemplate:
    """Of the cube that is written: 8 areas of 2 x 2 shards, cut at the edges."""
    start = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    return CubeTemplate("chaos", utm(HEIGHT, WIDTH), BANDS, MONTH, start, chunk=SHARD // 2, shard=SHARD)


def read_shard(source: ShardInput, seconds: float, region: Rectangle) -> dict[str, NDArray[Any]] | None:
    """Read a shard in a worker: it takes its time."""
    time.sleep(seconds)
    assert region == source.region
    return None if source.state is State.NO_IMAGES else source.arrays()


def write(cube: CubeStore, plan: Plan, one: Write, run: Run, *, seconds: float, run_id: str) -> RegionCommit:
    """Extend time and write one partition."""
    period = MONTH.parse(one.month)
    extend_time(cube, period)
    tasks = [_task(source, seconds) for source in plan.shards(one)]
    provenance = Provenance("chaos", one.partition, plan.inputs_hash(one), "v1", run_id, datetime.now(UTC))
    return write_partition(
        cube, period, AREAS[one.area], tasks, run,
        area_key=f"area{one.area}", provenance=provenance, batch_size=_batch_size(one),
    )  # fmt: skip


def _batch_size(one: Write) -> int:
    """Half of the partitions are written by one worker, half by two."""
    return AREA_SHARDS**2 // (1 + (one.area + int(one.month[-2:])) % _WORKERS)


def _task(source: ShardInput, seconds: float) -> ShardTask:
    if source.state is State.OCEAN:
        return ShardTask(source.region, source.inputs_hash, None, State.OCEAN)
    return ShardTask(source.region, source.inputs_hash, partial(read_shard, source, seconds))


def by_processes(work: Callable[[ShardBatch], WrittenBatch], batches: Sequence[ShardBatch]) -> Iterable[WrittenBatch]:
    """Two worker processes; a batch whose worker is killed is given to another."""
    with closing(spawn(work, batches, engine=Processes(_WORKERS))) as outcomes:
        return [outcome.value() for outcome in outcomes]


def coordinate(folder: Path, number: int) -> None:
    """Write what is left of a list; trouble with the storage or with workers means: try again."""
    job, log = load_job(folder), folder / f"coordinator{number}.log"
    todo = job.plan.lists[number][len(lines_of(log, "done")) :]
    for one in todo:
        done = _persist(job, log, one, f"coordinator{number} {os.getpid()}")
        time.sleep(job.shard_seconds)  # so that kills meet what is committed and not told of
        tell(log, done=asdict(one), **done)


def _persist(job: Job, log: Path, one: Write, run_id: str) -> dict[str, object]:
    for tries in range(1, _TRIES + 1):
        try:
            cube = open_or_create_cube(job.address, template())
            commit = write(cube, job.plan, one, by_processes, seconds=job.shard_seconds, run_id=run_id)
        except (StorageError, WorkerLostError) as error:
            tell(log, trouble=type(error).__name__, said=str(error)[:300])
            time.sleep(_PAUSE_SECONDS)
        else:
            return {"snapshot": commit.snapshot, "changed": commit.changed, "tries": tries}
    raise TimeoutError(f"expected {one} to be written in {_TRIES} tries")


def tell(log: Path, **line: object) -> None:
    """Append a line that survives a kill of this process, whole or not at all."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, (json.dumps(line) + "\n").encode())
    finally:
        os.close(file)


def lines_of(log: Path, kind: str) -> list[dict[str, Any]]:
    """Lines of a log that tell of one kind of thing: `done` or `trouble`."""
    text = log.read_text() if log.exists() else ""
    return [line for line in map(json.loads, text.splitlines()) if kind in line]


if __name__ == "__main__":
    icechunk.set_logs_filter("error")
    coordinate(Path(sys.argv[1]), int(sys.argv[2]))
