"""Taking one partition out of a cube: its pixels become fill and its row goes, in one change.

Afterwards the ledger tells of the partition what it tells of one never done; earlier snapshots, where there are some,
still hold it until they expire. What does not belong here: writing a partition (`partitions`).
"""

from collections.abc import Mapping

import zarr

from eo_pipeline.core.cubes.cube_ledger import Record
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.ledger import find_record, forget_record
from eo_pipeline.storage.cubes.pixels import clear_pixels
from eo_pipeline.storage.cubes.time_axis import has_slot, slot_of
from eo_pipeline.storage.cubes.transaction import Commit
from eo_pipeline.storage.cubes.unfinished import begin_row


def holds_region(cube: CubeStore, period: Period, region: Rectangle, *, area_key: str) -> bool:
    """True if the ledger has a row of the area in the period.

    Raises:
        CubeError: another area holds one of the region's shards.
    """
    with storage_failures(cube.address):
        return _held(cube.read(), cube.template, period, region, area_key) is not None


def clear_region(
    cube: CubeStore, period: Period, region: Rectangle, *, area_key: str, metadata: Mapping[str, str]
) -> Commit:
    """Write fill in place of a partition's pixels and delete its row; no commit if there is none.

    Args:
        cube: open.
        period: of the partition; without a slot there is nothing.
        region: whole shards of the cube.
        area_key: the area's key.
        metadata: of the commit; `product` and `partition` make its message.

    Raises:
        CubeError: another area holds one of the region's shards.
        StorageError: the storage cannot be reached.
    """

    def change(group: zarr.Group) -> tuple[bool, None]:
        found = _held(group, cube.template, period, region, area_key)
        if found is None:
            return False, None
        slot = slot_of(group, cube.template, period)
        begin_row(cube, group, slot, found)
        clear_pixels(group, cube.template.bands, slot, region)
        forget_record(group, cube.template, slot, region)
        return True, None

    commit, _ = cube.change(change, metadata)
    return commit


def _held(group: zarr.Group, template: CubeTemplate, period: Period, region: Rectangle, area_key: str) -> Record | None:
    if not has_slot(group, template, period):
        return None
    return find_record(group, template, slot_of(group, template, period), area_key=area_key, region=region)
