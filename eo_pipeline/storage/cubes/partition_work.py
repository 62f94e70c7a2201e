"""What is to be done about a partition that is made shard by shard, as the ledger and its tasks tell.

What does not belong here: doing it (`partitions`), and what a task is (`shard_writing`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eo_pipeline.core.cubes.cube_ledger import Provenance, Record, ShardRow, State, state_of_shards
from eo_pipeline.core.cubes.cube_region import shards_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.shard_writing import ShardTask


def shards_in(template: CubeTemplate, region: Rectangle) -> tuple[Rectangle, ...]:
    """The shards of a region as pixels of the cube, row by row from the upper left, cut where the grid ends."""
    rows, columns = template.shard_shape
    parts = windows(height=region.height, width=region.width, rows=rows, columns=columns)
    return tuple(part.shifted(rows=region.row_start, columns=region.column_start) for part in parts)


def held_rows(found: Record | None, shards: Sequence[Rectangle]) -> dict[Rectangle, ShardRow]:
    """What the ledger's row of an area tells of its single shards; nothing where the area was made as a whole."""
    return dict(zip(shards, found.shards, strict=True)) if found is not None and found.shards else {}


def is_stale(held: Mapping[Rectangle, ShardRow], shard: Rectangle, inputs_hash: str) -> bool:
    """True if a shard is not held, or not with these inputs."""
    return shard not in held or held[shard].inputs_hash != inputs_hash


def is_made_of(found: Record, inputs_hash: str) -> bool:
    """True if a row of the ledger tells that these inputs are there."""
    return found.state is not State.FAILED and found.provenance.inputs_hash == inputs_hash


@dataclass(frozen=True)
class PartitionWork:
    """A partition before its shards are made.

    Attributes:
        area_key: the area's key.
        region: its pixels in the cube.
        shards: of the region, row by row.
        tasks: one a shard, in any order.
        provenance: of this writing.
        found: the ledger's row as it was when it was looked at, None if there was none.
    """

    area_key: str
    region: Rectangle
    shards: tuple[Rectangle, ...]
    tasks: tuple[ShardTask, ...]
    provenance: Provenance
    found: Record | None

    def is_held_by(self, found: Record | None) -> bool:
        """True if a row of the ledger tells that the same inputs are there."""
        return found is not None and is_made_of(found, self.provenance.inputs_hash)

    @property
    def known(self) -> Mapping[Rectangle, ShardRow]:
        """What the ledger holds of single shards; nothing where the area was made as a whole."""
        return held_rows(self.found, self.shards)

    @property
    def stale(self) -> tuple[ShardTask, ...]:
        """The tasks whose inputs are not those that the ledger holds."""
        known = self.known
        return tuple(task for task in self.tasks if is_stale(known, task.region, task.inputs_hash))

    @property
    def to_read(self) -> tuple[ShardTask, ...]:
        """The tasks for workers."""
        return tuple(task for task in self.stale if task.read is not None)

    @property
    def nothing(self) -> Mapping[Rectangle, ShardRow]:
        """Shards that hold nothing from now on, without anything being read."""
        return {task.region: ShardRow(task.without, 0.0, task.inputs_hash) for task in self.stale if task.read is None}

    def record(self, made: Mapping[Rectangle, ShardRow]) -> Record:
        """The area's row, once workers have made what was to be read.

        Raises:
            CubeError: some of it was not made.
        """
        if made.keys() != {task.region for task in self.to_read}:
            raise CubeError(
                f"Expected {len(self.to_read)} shards of {self.provenance.partition} from the workers, got "
                f"{len(made)}; the area is not done: give back the result of every batch."
            )
        rows = {**self.known, **self.nothing, **made}
        ordered = tuple(rows[shard] for shard in self.shards)
        usable = sum(row.valid_share * shard.pixels for row, shard in zip(ordered, self.shards, strict=True))
        state = state_of_shards(row.state for row in ordered)
        return Record(self.area_key, self.region, state, usable / self.region.pixels, self.provenance, ordered)


def check_tasks(template: CubeTemplate, region: Rectangle, tasks: Sequence[ShardTask]) -> None:
    """Refuse anything but one task for each shard of a region.

    Raises:
        CubeError: says how many there are and should be.
    """
    wanted, given = shards_in(template, region), [task.region for task in tasks]
    if sorted(wanted) != sorted(given):
        across = shards_of(template, region)
        raise CubeError(
            f"Expected one task for each of the {across.height} x {across.width} shards of {region}, got "
            f"{len(given)} for {sorted(set(given))[:4]}; cut the region with shards_in."
        )
