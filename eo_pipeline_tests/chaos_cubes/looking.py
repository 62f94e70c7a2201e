"""What somebody sees who opens the cube while it is written: the head, its history, one shard and its row.

All is read with Icechunk and Zarr alone and compared with the plan. What does not belong here: the cube when all is
done (`ending`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import icechunk
import numpy as np
import zarr
from numpy.typing import NDArray

from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline_tests.chaos_cubes.coordinator import Job, lines_of
from eo_pipeline_tests.chaos_cubes.plan import AREA_SHARDS, SHARD, WIDTH, Plan, ShardInput, Write

CODES = {"written": 1, "no_images": 2, "empty": 3, "failed": 4, "ocean": 5}
"""Of `ledger/state`, as docs/cube.md tells them."""
FILLS = {"red": 0, "classes": 255, "n_obs": 0}
"""What each band reads as where nothing was written."""
ACROSS = -(-WIDTH // (SHARD * AREA_SHARDS))
"""Areas in a row of them."""


@dataclass
class Judge:
    """Somebody who looks now and then, and remembers.

    Attributes:
        job: what is written.
        folder: of the coordinators' logs.
        random: chooses shards.
        looks: so far.
        complaints: a sentence each.
    """

    job: Job
    folder: Path
    random: Random
    looks: int = 0
    complaints: list[str] = field(default_factory=list)
    _head: str | None = None
    _reported: int = 0

    def look(self, when: str) -> None:
        """Open the head, and look at what is new and at one shard; anything wrong is a complaint."""
        self.looks += 1
        reported = reports(self.job.plan, self.folder)
        try:
            found = list(self._look(reported))
        except Exception as error:  # noqa: BLE001 - whatever keeps somebody from reading is what is looked for
            found = [f"the head does not open: {type(error).__name__}: {str(error)[:300]}"]
        self.complaints += [f"{when}: {said}" for said in found]

    def _look(self, reported: list[dict[str, Any]]) -> Iterator[str]:
        storage = self.job.address.storage()
        if not reported and not icechunk.Repository.exists(storage):
            return  # its creation was cut short
        repository = icechunk.Repository.open(storage)
        head = repository.lookup_branch("main")
        yield from broken_links(repository, head, until=self._head)
        self._head = head
        group = zarr.open_group(repository.readonly_session(snapshot_id=head).store, mode="r")
        if not reported and "time" not in group:
            return  # the repository is there, the template not yet
        for line in reported[self._reported :]:
            yield from self._missing(group, Write(**line["done"]))
        self._reported = len(reported)
        slots = array_at(group, "time").shape[0]
        if slots:
            area, slot = self.random.randrange(self.job.plan.areas), self.random.randrange(slots)
            yield from wrong_shard(group, self.job.plan, area, slot, self.random)

    def _missing(self, group: zarr.Group, write: Write) -> Iterator[str]:
        row = row_of(group, self.job.plan, write.area, write.month)
        wanted = self.job.plan.inputs_hash(write)
        later = self.job.plan.inputs_hash(self.job.plan.last(write.area, write.month))
        if row is None or row["inputs_hash"] not in (wanted, later):
            yield f"{asdict(write)} was reported, and its row is {row}"


def reports(plan: Plan, folder: Path) -> list[dict[str, Any]]:
    """Every writing that coordinators said to be done, each coordinator's in order."""
    return [line for number in range(plan.writers) for line in lines_of(folder / f"coordinator{number}.log", "done")]


def broken_links(repository: icechunk.Repository, head: str, *, until: str | None) -> Iterator[str]:
    """Where a history is not one line of single parents, or does not reach an earlier head."""
    before: icechunk.SnapshotInfo | None = None
    for snapshot in repository.ancestry(snapshot_id=head):
        if before is not None and before.parent_id != snapshot.id:
            yield f"the parent of {before.id} is {before.parent_id}, and {snapshot.id} comes next"
        if snapshot.id == until:
            return
        before = snapshot
    if until is not None:
        yield f"the earlier head {until} is not in the history of {head}"
    elif before is not None and before.parent_id is not None:
        yield f"the history ends with {before.id}, whose parent is {before.parent_id}"


def place_of(area: int) -> tuple[int, int]:
    """The upper left shard of an area (shard row, shard column)."""
    return area // ACROSS * AREA_SHARDS, area % ACROSS * AREA_SHARDS


def row_of(group: zarr.Group, plan: Plan, area: int, month: str) -> dict[str, Any] | None:
    """The row of a partition as JSON, None if there is none."""
    slot = plan.keys.index(month)
    if slot >= array_at(group, "ledger/record").shape[0]:
        return None
    text = str(array_at(group, "ledger/record")[slot, *place_of(area)])
    return json.loads(text) if text else None


def wrong_shard(group: zarr.Group, plan: Plan, area: int, slot: int, random: Random) -> Iterator[str]:
    """What one shard of an area holds other than its row says, or than what that was made of."""
    month = plan.keys[slot]
    row = row_of(group, plan, area, month)
    written = {plan.inputs_hash(Write(area, month, version)): Write(area, month, version) for version in (1, 2)}
    if row is not None and row["inputs_hash"] not in written:
        yield f"area {area} of {month}: nobody was to write {row}"
        return
    write = None if row is None else written[row["inputs_hash"]]
    sources = plan.shards(write or Write(area, month, 1))
    number = random.randrange(len(sources))
    yield from shard_findings(group, sources[number], slot, done=write is not None)
    if row is not None and row["shards"][number][0::2] != [sources[number].state.value, sources[number].inputs_hash]:
        yield f"area {area} of {month}: shard {number} is {row['shards'][number]}, not {sources[number]}"


def shard_findings(group: zarr.Group, source: ShardInput, slot: int, *, done: bool) -> Iterator[str]:
    """Whether state and pixels of a shard are those of its source, or nothing if it is not done."""
    code = np.asarray(array_at(group, "ledger/state")[slot, *shard_of(source)]).item()
    pixels = {band: np.asarray(array_at(group, band)[slot, *source.region.slices]) for band in FILLS}
    yield from differences(f"slot {slot}", source, code, pixels, done=done)


def shard_of(source: ShardInput) -> tuple[int, int]:
    """(shard row, shard column) of a shard."""
    return source.region.row_start // SHARD, source.region.column_start // SHARD


def differences(
    where: str, source: ShardInput, code: int, pixels: Mapping[str, NDArray[Any]], *, done: bool
) -> Iterator[str]:
    """In what a shard's code and pixels (y, x) by band differ from its source's, or from nothing."""
    if code != (wanted := CODES[source.state] if done else 0):
        yield f"{where}, {source.region}: the state is {code}, not {wanted}"
    for band, expected in source.arrays().items():
        if not np.array_equal(pixels[band], expected if done else np.full_like(expected, FILLS[band])):
            yield f"{where}, {source.region}: {band} is not what it was made of"
