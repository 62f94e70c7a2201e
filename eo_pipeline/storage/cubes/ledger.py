"""The ledger in a cube: read and write its rows, as part of a transaction or as a table.

What does not belong here: what a row holds (`core.cubes.cube_ledger`) and pixels (`partitions`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import numpy as np
import pandas as pd
import zarr
from numpy.typing import NDArray

from eo_pipeline.core.cubes.cube_arrays import TIME
from eo_pipeline.core.cubes.cube_ledger import (
    RECORD,
    STATE,
    Provenance,
    Record,
    State,
    flag_attributes,
    parse_record,
)
from eo_pipeline.core.cubes.cube_region import check_region, shards_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.cubes.cube_time import decode_instant
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.stored_cells import stored_cells
from eo_pipeline.storage.cubes.time_axis import slot_of
from eo_pipeline.storage.cubes.transaction import Commit

_COLUMNS = (
    "period", "start", "slot", "area", "state", "valid_share", "partition", "inputs_hash", "code_version", "run_id",
    "committed_at",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Cell:
    """Where a row is kept: at its area's upper left shard.

    Attributes:
        slot: counted from 0.
        row: of shards, from the top.
        column: of shards, from the left.
    """

    slot: int
    row: int
    column: int


def record_failure(cube: CubeStore, period: Period, region: Rectangle, area_key: str, provenance: Provenance) -> Commit:
    """Write down that a partition could not be made.

    A failure never hides what is there: a partition that was written, empty or without images keeps its row.

    Raises:
        CubeError: the region cuts shards, the cube has no slot for the period, or another area holds a shard.
    """
    check_region(cube.template, region)
    row = Record(area_key, region, State.FAILED, 0.0, provenance)

    def change(group: zarr.Group) -> tuple[bool, None]:
        slot = slot_of(group, cube.template, period)
        found = find_record(group, cube.template, slot, area_key=area_key, region=region)
        if found is not None and (found.state is not State.FAILED or _same_inputs(found, provenance)):
            return False, None
        write_record(group, cube.template, slot, row)
        return True, None

    commit, _ = cube.change(change, commit_metadata(provenance))
    return commit


def find_record(
    group: zarr.Group, template: CubeTemplate, slot: int, *, area_key: str, region: Rectangle
) -> Record | None:
    """The row of an area in a slot, None if it was never done.

    Raises:
        CubeError: another area, or the same one with other pixels, holds one of the region's shards.
    """
    rows, columns = shards_of(template, region).slices
    text = str(array_at(group, RECORD)[slot, rows.start, columns.start])
    found = parse_record(text) if text else None
    if found is not None and (found.area_key, found.region) == (area_key, region):
        return found
    if np.any(array_at(group, STATE)[slot, rows, columns]):
        holder = "another area" if found is None else f"area {found.area_key} at {found.region}"
        raise CubeError(
            f"Expected the shards of area {area_key} at {region} to be its own, got {holder} in slot {slot}; "
            "areas of one cube must not share shards: keep the areas as they were, or write to a new repository."
        )
    return None


def read_record(cube: CubeStore, period: Period, region: Rectangle, *, area_key: str) -> Record | None:
    """The row of an area in a period at the head, with those of its shards; None if it was never done.

    Raises:
        CubeError: the cube has no slot for the period, or another area holds a shard.
        StorageError: the storage cannot be reached.
    """
    with storage_failures(cube.address):
        group = cube.read()
        return find_record(
            group, cube.template, slot_of(group, cube.template, period), area_key=area_key, region=region
        )


def write_record(group: zarr.Group, template: CubeTemplate, slot: int, record: Record) -> None:
    """Write an area's row and mark its shards; the commit is the caller's.

    A cube that is older than one of the states learns it in the same commit.
    """
    shards, states = shards_of(template, record.region), array_at(group, STATE)
    codes = _codes(record, shards)
    if not np.isin(codes, cast("list[int]", states.attrs.asdict()["flag_values"])).all():
        states.attrs.update(cast("dict[str, Any]", flag_attributes()))
    rows, columns = shards.slices
    states[slot, rows, columns] = codes
    array_at(group, RECORD)[slot, rows.start, columns.start] = record.as_text()


def forget_record(group: zarr.Group, template: CubeTemplate, slot: int, region: Rectangle) -> None:
    """Take an area's row away, as if it had never been done; the commit is the caller's."""
    rows, columns = shards_of(template, region).slices
    array_at(group, STATE)[slot, rows, columns] = 0
    array_at(group, RECORD)[slot, rows.start, columns.start] = ""


def _codes(record: Record, shards: Rectangle) -> NDArray[np.uint8]:
    """The code of each shard (y, x): its own, or the area's."""
    states = [shard.state for shard in record.shards] or [record.state] * shards.pixels
    return np.array([state.code for state in states], np.uint8).reshape(shards.height, shards.width)


def commit_metadata(provenance: Provenance) -> dict[str, str]:
    """What a partition's commit says about itself."""
    return {
        "product": provenance.product,
        "partition": provenance.partition,
        "run_id": provenance.run_id,
        "inputs_hash": provenance.inputs_hash,
        "code_version": provenance.code_version,
    }


def read_ledger(cube: CubeStore) -> pd.DataFrame:
    """Every row of the ledger at the head, sorted by slot and area.

    Returns:
        One row a (period, area) that was done: period (key), start, slot, area, state, valid_share, partition,
        inputs_hash, code_version, run_id, committed_at.
    """
    with storage_failures(cube.address):
        group = cube.read()
        records = read_records(group)
        slots = sorted({cell.slot for cell in records})
        starts = dict(zip(slots, _starts(group, cube.template, slots), strict=True))
    rows = [_row(cube.template, cell.slot, starts[cell.slot], record) for cell, record in records.items()]
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    return table.sort_values(["slot", "area"], ignore_index=True)


def read_partitions(cube: CubeStore) -> dict[tuple[str, str], Record]:
    """Every row of the ledger at the head, with those of its shards, by the keys of its period and its area.

    Raises:
        StorageError: the storage cannot be reached.
    """
    with storage_failures(cube.address):
        group = cube.read()
        records = read_records(group)
        slots = sorted({cell.slot for cell in records})
        starts = dict(zip(slots, _starts(group, cube.template, slots), strict=True))
    periods = {slot: _period_at(cube.template, start).key for slot, start in starts.items()}
    return {(periods[cell.slot], record.area_key): record for cell, record in records.items()}


def read_records(group: zarr.Group) -> dict[Cell, Record]:
    """Every row of the ledger in a group, in the order of its cells."""
    cells = sorted(stored_cells(group, RECORD))
    texts = _read_cells(group, cells)
    return {Cell(*cell): parse_record(text) for cell, text in zip(cells, texts, strict=True) if text}


def _same_inputs(record: Record, provenance: Provenance) -> bool:
    return record.provenance.inputs_hash == provenance.inputs_hash


def _read_cells(group: zarr.Group, cells: list[tuple[int, ...]]) -> list[str]:
    if not cells:
        return []
    slots, rows, columns = (list(axis) for axis in zip(*cells, strict=True))
    texts: NDArray[Any] = np.asarray(array_at(group, RECORD).vindex[slots, rows, columns])
    return [str(text) for text in texts]


def _starts(group: zarr.Group, template: CubeTemplate, slots: list[int]) -> list[datetime]:
    numbers: NDArray[np.int64] = np.asarray(array_at(group, TIME)[:])
    return [decode_instant(int(numbers[slot]), template.time_unit) for slot in slots]


def _row(template: CubeTemplate, slot: int, start: datetime, record: Record) -> tuple[object, ...]:
    period = _period_at(template, start)
    provenance = record.provenance
    return (
        period.key, start, slot, record.area_key, record.state.value, record.valid_share, provenance.partition,
        provenance.inputs_hash, provenance.code_version, provenance.run_id, provenance.committed_at,
    )  # fmt: skip


def _period_at(template: CubeTemplate, start: datetime) -> Period:
    (period,) = template.rule.periods(start, start + timedelta(hours=1))
    return period
