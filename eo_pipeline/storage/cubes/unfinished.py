"""Rows of areas whose pixels are changed without a transaction: the ledger never tells of what is half written.

Before pixels change, the row says `failed`, so that nothing of the area counts, whoever dies meanwhile; it is found and
done again, or deleted. Only then it says what was made. Where a change is a commit, none of that is needed.
What does not belong here: rows themselves (`ledger`).
"""

from dataclasses import replace

import zarr

from eo_pipeline.core.cubes.cube_ledger import RECORD, Record, State
from eo_pipeline.core.cubes.cube_region import shards_of
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.cubes.ledger import find_record, write_record


def begin_row(cube: CubeStore, group: zarr.Group, slot: int, row: Record) -> None:
    """Before the pixels of an area change: its row tells of nothing any more.

    Args:
        cube: whose store says whether that is needed.
        group: the root group, open for writing.
        slot: counted from 0.
        row: the area's, as it is or as it is to be; its provenance tells whose change it is.
    """
    if cube.atomic:
        return
    mark, shards = _mark(row), shards_of(cube.template, row.region)
    array_at(group, RECORD)[slot, shards.row_start, shards.column_start] = mark.as_text()  # before any state
    write_record(group, cube.template, slot, mark)


def end_row(cube: CubeStore, group: zarr.Group, slot: int, row: Record) -> None:
    """Once the pixels of an area are what its row says.

    Raises:
        CubeError: somebody else began to change the area meanwhile.
    """
    if not cube.atomic:
        found = find_record(group, cube.template, slot, area_key=row.area_key, region=row.region)
        if found != _mark(row):
            raise CubeError(
                f"Expected to be the only one who writes area {row.area_key} of {row.provenance.partition} to "
                f"{cube.address.uri}, got another writer's row meanwhile; run again: plain Zarr takes one writer of an "
                "area and period at a time."
            )
    write_record(group, cube.template, slot, row)


def _mark(row: Record) -> Record:
    return replace(row, state=State.FAILED, valid_share=0.0, shards=())
