"""Which shards of a partition have to be made anew, before anything is read or any worker is asked.

`partitions.write_partition` decides by the same rule. What does not belong here: what the inputs are.
"""

from collections.abc import Mapping

import zarr

from eo_pipeline.core.cubes.cube_ledger import Record
from eo_pipeline.core.cubes.cube_region import check_region
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.ledger import find_record
from eo_pipeline.storage.cubes.partition_work import held_rows, is_stale, shards_in
from eo_pipeline.storage.cubes.time_axis import has_slot, slot_of


def held_inputs(cube: CubeStore, period: Period, region: Rectangle, *, area_key: str) -> dict[Rectangle, str]:
    """The inputs' hash of each shard of a partition that the ledger knows one of, by its pixels in the cube.

    Empty where the partition was never done, has failed, or was made as a whole (`write_region`): its row tells the
    inputs of all of it (`read_ledger`).

    Args:
        cube: open.
        period: of the partition; without a slot nothing is held.
        region: whole shards of the cube.
        area_key: the area's key.

    Raises:
        CubeError: the region cuts shards, or another area holds one of them.
        StorageError: the storage cannot be reached.
    """
    check_region(cube.template, region)
    with storage_failures(cube.address):
        record = _record(cube.read(), cube.template, period, region, area_key)
    return {shard: row.inputs_hash for shard, row in held_rows(record, shards_in(cube.template, region)).items()}


def stale_shards(
    cube: CubeStore, period: Period, region: Rectangle, wanted: Mapping[Rectangle, str], *, area_key: str
) -> tuple[Rectangle, ...]:
    """The shards of a partition whose inputs are not those that the cube holds, row by row: those to make anew.

    Args:
        cube: open.
        period: of the partition; without a slot every shard is stale.
        region: whole shards of the cube.
        wanted: the hash of today's inputs of each shard (see `shards_in`), by its pixels in the cube.
        area_key: the area's key.

    Raises:
        CubeError: the region cuts shards, another area holds one of them, or a shard has no hash or is none.
        StorageError: the storage cannot be reached.
    """
    check_region(cube.template, region)
    shards = shards_in(cube.template, region)
    if strange := sorted(wanted.keys() ^ set(shards)):
        raise CubeError(
            f"Expected the inputs' hash of each of the {len(shards)} shards of {region}, got {len(wanted)}, other "
            f"shards being {strange[:4]}; cut the region with shards_in."
        )
    with storage_failures(cube.address):
        record = _record(cube.read(), cube.template, period, region, area_key)
    held = held_rows(record, shards)
    return tuple(shard for shard in shards if is_stale(held, shard, wanted[shard]))


def _record(
    group: zarr.Group, template: CubeTemplate, period: Period, region: Rectangle, area_key: str
) -> Record | None:
    if not has_slot(group, template, period):
        return None
    return find_record(group, template, slot_of(group, template, period), area_key=area_key, region=region)
