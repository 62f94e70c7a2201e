"""Whether a partition is there already, asked before anything is planned for it.

What does not belong here: writing it (`partitions`), which asks again.
"""

from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.ledger import find_record
from eo_pipeline.storage.cubes.partition_work import is_made_of
from eo_pipeline.storage.cubes.region_commit import RegionCommit
from eo_pipeline.storage.cubes.time_axis import has_slot, slot_of


def held_partition(
    cube: CubeStore, period: Period, region: Rectangle, *, area_key: str, inputs_hash: str
) -> RegionCommit | None:
    """What `write_partition` would give back without doing anything; None if there is something to do.

    Args:
        cube: open.
        period: with or without a slot.
        region: whole shards of the cube.
        area_key: the area's key.
        inputs_hash: of what the partition would be made of.

    Raises:
        CubeError: another area holds one of the region's shards.
        StorageError: the storage cannot be reached.
    """
    with storage_failures(cube.address):
        group = cube.read()
        if not has_slot(group, cube.template, period):
            return None
        slot = slot_of(group, cube.template, period)
        found = find_record(group, cube.template, slot, area_key=area_key, region=region)
        if found is None or not is_made_of(found, inputs_hash):
            return None
        return RegionCommit(cube.snapshot_of(group), changed=False, slot=slot, record=found)
