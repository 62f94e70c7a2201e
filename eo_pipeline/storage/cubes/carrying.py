"""Shards from one session to another, as they are compressed: none is read, computed or compressed again.

Needed where a commit cannot be rebased, since another changed the arrays themselves (their length in time) or the
same shards. What does not belong here: when (`forks`).
"""

from collections.abc import Sequence

import zarr
from icechunk import IcechunkStore
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from eo_pipeline.core.cubes.cube_region import shards_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.rectangles import Rectangle


def carry_over(
    source: IcechunkStore, target: zarr.Group, template: CubeTemplate, slot: int, shards: Sequence[Rectangle]
) -> None:
    """Copy shards of every band in one slot; what is not stored in the source is not stored afterwards.

    Args:
        source: store of the fork that holds them.
        target: root group of a writable session; the same array paths and the same slot.
        template: of the cube.
        slot: counted from 0.
        shards: pixels of the cube, each one shard.
    """
    for shard in shards:
        place = shards_of(template, shard)
        for band in template.bands:
            key = f"{band.name}/c/{slot}/{place.row_start}/{place.column_start}"
            sync(_copy(source, target, key))


async def _copy(source: IcechunkStore, target: zarr.Group, key: str) -> None:
    stored = await source.get(key, default_buffer_prototype())
    if stored is None:
        await target.store.delete(key)
    else:
        await target.store.set(key, stored)
