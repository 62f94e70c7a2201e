"""The cube's ledger: what became of each (period, area), beside the data and in the same transaction.

Only it tells a slot that was found empty from one never done: a shard of nothing but nodata is not stored. Two arrays
over (slot, shard row, shard column), a chunk a cell so that no two partitions meet in one: `ledger/state` marks every
shard of an area, `ledger/record` holds the area's row at its upper left shard. What does not belong here: reading and
writing them (`storage.cubes.ledger`).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from eo_pipeline.core.cubes.cube_arrays import TIME, ArrayLayout, Json
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError

STATE = "ledger/state"
RECORD = "ledger/record"


class State(StrEnum):
    """What became of a partition, or of one of its shards; new states are appended, so that codes keep their meaning.

    WRITTEN: usable pixels are in the cube. NO_IMAGES: the source had no image for it. EMPTY: there were images, no
    pixel was usable. FAILED: it could not be made, or in plain Zarr not yet or not to its end; nothing of it counts.
    OCEAN: discarded before anything was read, as pure ocean or outside the area of interest.
    """

    WRITTEN = "written"
    NO_IMAGES = "no_images"
    EMPTY = "empty"
    FAILED = "failed"
    OCEAN = "ocean"

    @property
    def code(self) -> int:
        """The number in `ledger/state`; 0 there means not done."""
        return list(State).index(self) + 1


@dataclass(frozen=True)
class Provenance:
    """From what, by whom and when a partition is written.

    Attributes:
        product: name of the product.
        partition: the partition's key.
        inputs_hash: digest of everything that decides the pixels: images, expression, encoding, grid.
        code_version: of the code that wrote it.
        run_id: of the run that wrote it.
        committed_at: when, aware, UTC.
    """

    product: str
    partition: str
    inputs_hash: str
    code_version: str
    run_id: str
    committed_at: datetime


@dataclass(frozen=True)
class ShardRow:
    """What became of one shard of a partition that is made shard by shard.

    Attributes:
        state: what became of it.
        valid_share: usable share of its values inside the grid, 0 to 1; counts are left out.
        inputs_hash: digest of everything that decides the shard's pixels.
    """

    state: State
    valid_share: float
    inputs_hash: str


@dataclass(frozen=True)
class Record:
    """One row of the ledger, without its period.

    Attributes:
        area_key: the area's key.
        region: its pixels in the cube.
        state: what became of it.
        valid_share: usable share of its values, 0 to 1; counts are left out.
        provenance: of the commit that wrote it.
        shards: a row a shard of the region, row by row from the upper left; empty where the area was made as a whole
            and the state is that of each of its shards.
    """

    area_key: str
    region: Rectangle
    state: State
    valid_share: float
    provenance: Provenance
    shards: tuple[ShardRow, ...] = ()

    def as_text(self) -> str:
        """The record as `ledger/record` holds it: JSON."""
        region, provenance = self.region, self.provenance
        row: dict[str, Json] = {
            "area": self.area_key,
            "region": [region.row_start, region.column_start, region.row_stop, region.column_stop],
            "state": self.state.value,
            "valid_share": self.valid_share,
            "product": provenance.product,
            "partition": provenance.partition,
            "inputs_hash": provenance.inputs_hash,
            "code_version": provenance.code_version,
            "run_id": provenance.run_id,
            "committed_at": provenance.committed_at.isoformat(),
        }
        if self.shards:
            row["shards"] = [[shard.state.value, shard.valid_share, shard.inputs_hash] for shard in self.shards]
        return json.dumps(row, separators=(",", ":"))


def parse_record(text: str) -> Record:
    """Read what `Record.as_text` wrote.

    Raises:
        CubeError: something else did.
    """
    try:
        return _record(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise CubeError(
            f"Expected a row of the ledger as this project writes it, got {text[:100]!r} ({error!r}); somebody else "
            "wrote to the cube: go back to an earlier version of it."
        ) from error


def _record(row: dict[str, Any]) -> Record:
    return Record(
        area_key=row["area"],
        region=Rectangle(*row["region"]),
        state=State(row["state"]),
        valid_share=row["valid_share"],
        provenance=Provenance(
            product=row["product"],
            partition=row["partition"],
            inputs_hash=row["inputs_hash"],
            code_version=row["code_version"],
            run_id=row["run_id"],
            committed_at=datetime.fromisoformat(row["committed_at"]),
        ),
        shards=tuple(ShardRow(State(state), share, digest) for state, share, digest in row.get("shards", ())),
    )


def state_of_shards(shards: Iterable[State]) -> State:
    """What an area's row says of its shards together: the first of written, empty, no images, failed, ocean."""
    found = set(shards)
    order = (State.WRITTEN, State.EMPTY, State.NO_IMAGES, State.FAILED, State.OCEAN)
    return next(state for state in order if state in found)


def flag_attributes() -> dict[str, Json]:
    """CF's explanation of the codes in `ledger/state`."""
    return {
        "flag_values": [0, *(state.code for state in State)],
        "flag_meanings": " ".join(["not_done", *(state.value for state in State)]),
    }


def ledger_arrays(shard_grid: tuple[int, int]) -> tuple[ArrayLayout, ArrayLayout]:
    """The two arrays for a cube of `shard_grid` (y, x) shards."""
    dimensions, shape, chunks = (TIME, "shard_y", "shard_x"), (0, *shard_grid), (1, 1, 1)
    codes: dict[str, Json] = {
        "long_name": "what became of the partition that covers the shard",
        **flag_attributes(),
    }
    text: dict[str, Json] = {"long_name": "JSON record of the area whose upper left shard this is"}
    return (
        ArrayLayout(STATE, dimensions, shape, chunks, None, "uint8", 0, codes),
        ArrayLayout(RECORD, dimensions, shape, chunks, None, "string", "", text),
    )
