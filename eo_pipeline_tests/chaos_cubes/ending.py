"""The cube when all is done: its history, ledger and pixels against the plan, and against a quiet run's, bit for bit.

What does not belong here: looking at it meanwhile (`looking`).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import icechunk
import numpy as np
import zarr
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from eo_pipeline.storage.cubes import Collected, CubeAddress, collect_garbage, verify_cube
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.stored_cells import stored_cells
from eo_pipeline_tests.chaos_cubes.coordinator import template
from eo_pipeline_tests.chaos_cubes.looking import FILLS, broken_links, differences, row_of, shard_of
from eo_pipeline_tests.chaos_cubes.plan import Plan, ShardInput, Write

_NOT_THE_SAME = ("run_id", "committed_at")
"""Of a row: who wrote it and when."""


@dataclass(frozen=True)
class Ending:
    """What was looked at.

    Attributes:
        commits: of the history.
        rows: of the ledger, compared with the plan and the quiet run's.
        shards: compared with the plan pixel by pixel.
        chunks: stored ones, compared with the quiet run's byte by byte.
        freed: chunks that no version needed afterwards.
        complaints: a sentence each.
    """

    commits: int
    rows: int
    shards: int
    chunks: int
    freed: int
    complaints: tuple[str, ...]


def examine(address: CubeAddress, plan: Plan, quiet: CubeAddress, reported: list[dict[str, Any]]) -> Ending:
    """Look at everything; garbage is collected before pixels are compared."""
    repository = icechunk.Repository.open(address.storage())
    history = list(repository.ancestry(branch="main"))
    complaints = [*broken_links(repository, history[0].id, until=None), *_wrong_commits(history, plan, reported)]
    complaints += [f"verify: {finding}" for finding in verify_cube(address, template()).findings]
    freed = _collected(address)
    group, other = _head(address), _head(quiet)
    complaints += [*_wrong_rows(group, other, plan), *_wrong_pixels(group, plan)]
    chunks = _stored(other)
    complaints += _wrong_chunks(group, other, chunks)
    rows = len(list(plan.partitions()))
    shards = sum(len(plan.shards(plan.last(*key))) for key in plan.partitions())
    return Ending(len(history), rows, shards, len(chunks), freed.chunks, tuple(complaints))


def _head(address: CubeAddress) -> zarr.Group:
    repository = icechunk.Repository.open(address.storage())
    return zarr.open_group(repository.readonly_session("main").store, mode="r")


def _wrong_commits(history: list[icechunk.SnapshotInfo], plan: Plan, reported: list[dict[str, Any]]) -> Iterator[str]:
    """Every writing is one commit, in its order, and all that was reported is there."""
    made = Counter((str(s.metadata.get("partition")), str(s.metadata.get("inputs_hash"))) for s in history)
    for write in plan.writes:
        if (times := made[write.partition, plan.inputs_hash(write)]) != 1:
            yield f"{write} was committed {times} times"
    for (partition, _), times in made.items():
        if partition.startswith("time axis") and times != 1:
            yield f"{partition} was committed {times} times"
    there = {snapshot.id for snapshot in history}
    for line in reported:
        if line["snapshot"] not in there:
            yield f"{line} was reported, and is not in the history"
    done = {Write(**line["done"]) for line in reported}
    if done != plan.writes:
        yield f"{len(plan.writes - done)} of {len(plan.writes)} writings were never reported"


def _wrong_rows(group: zarr.Group, other: zarr.Group, plan: Plan) -> Iterator[str]:
    """Rows that are not as planned, or not the quiet run's."""
    for area, month in plan.partitions():
        row, quiet = row_of(group, plan, area, month), row_of(other, plan, area, month)
        if row is None or quiet is None:
            yield f"area {area} of {month} has the row {row}, in the quiet run {quiet}"
            continue
        sources = plan.shards(plan.last(area, month))
        wanted = [[source.state.value, _share([source]), source.inputs_hash] for source in sources]
        if row["shards"] != wanted or row["valid_share"] != _share(sources):
            yield f"area {area} of {month} has the row {row}, expected the shards {wanted}"
        if {**row, **dict.fromkeys(_NOT_THE_SAME)} != {**quiet, **dict.fromkeys(_NOT_THE_SAME)}:
            yield f"area {area} of {month} has the row {row}, in the quiet run {quiet}"


def _share(sources: "tuple[ShardInput, ...] | list[ShardInput]") -> float:
    """Usable share of red and classes."""
    arrays = [source.arrays() for source in sources]
    usable = sum(int((each["red"] != 0).sum()) + int((each["classes"] != 255).sum()) for each in arrays)
    return usable / sum(2 * each["red"].size for each in arrays)


def _wrong_pixels(group: zarr.Group, plan: Plan) -> Iterator[str]:
    if array_at(group, "time").shape != (len(plan.keys),):
        yield f"expected {len(plan.keys)} slots, got {array_at(group, 'time').shape}"
        return
    for slot, month in enumerate(plan.keys):
        codes = np.asarray(array_at(group, "ledger/state")[slot])
        bands = {band: np.asarray(array_at(group, band)[slot]) for band in FILLS}
        for source in (source for area in range(plan.areas) for source in plan.shards(plan.last(area, month))):
            pixels = {band: array[source.region.slices] for band, array in bands.items()}
            yield from differences(month, source, int(codes[shard_of(source)]), pixels, done=True)


def _stored(group: zarr.Group) -> list[tuple[str, tuple[int, ...]]]:
    return [(band, cell) for band in FILLS for cell in sorted(stored_cells(group, band))]


def _wrong_chunks(group: zarr.Group, other: zarr.Group, chunks: list[tuple[str, tuple[int, ...]]]) -> Iterator[str]:
    """Stored bytes that are not the quiet run's."""
    if (found := _stored(group)) != chunks:
        yield f"stored shards differ: {sorted(set(found) ^ set(chunks))[:5]}"
    for band, cell in chunks:
        key = f"{band}/c/{'/'.join(map(str, cell))}"
        if _bytes(group, key) != _bytes(other, key):
            yield f"the bytes of {key} are not the quiet run's"
    for path in ("time", "time_bnds", "x", "y", "ledger/state"):
        if not np.array_equal(array_at(group, path)[:], array_at(other, path)[:]):
            yield f"{path} is not the quiet run's"


def _bytes(group: zarr.Group, key: str) -> bytes | None:
    found = sync(group.store.get(key, default_buffer_prototype()))
    return None if found is None else found.to_bytes()


def _collected(address: CubeAddress) -> Collected:
    """Free what killed writers left; on an object store a day later, as it has to be."""
    now = datetime.now(UTC)
    later = now if address.local_path is not None else now + timedelta(hours=25)
    return collect_garbage(address, older_than=now, now=later, dry_run=False)
