"""Areas that are never made: pure ocean, or outside the area of interest; all of a period in one commit.

What does not belong here: which areas these are (`core.cubes`), and single shards of an area (`partitions`).
"""

from collections.abc import Mapping

import zarr

from eo_pipeline.core.cubes.cube_ledger import Provenance, Record, State
from eo_pipeline.core.cubes.cube_region import check_region
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.storage.cubes.cube_store import CubeStore
from eo_pipeline.storage.cubes.ledger import commit_metadata, find_record, write_record
from eo_pipeline.storage.cubes.pixels import clear_pixels
from eo_pipeline.storage.cubes.time_axis import slot_of
from eo_pipeline.storage.cubes.transaction import Commit
from eo_pipeline.storage.cubes.unfinished import begin_row


def record_discarded(cube: CubeStore, period: Period, areas: Mapping[str, Rectangle], provenance: Provenance) -> Commit:
    """Record areas of a period as ocean; nothing is committed if they are recorded so already.

    What an area held before goes: it would not be made today.

    Args:
        cube: open.
        period: has a slot (see `extend_time`).
        areas: their pixels in the cube, whole shards, by key.
        provenance: of all of them; `inputs_hash` of what decided it, `partition` as the commit is to be called.

    Raises:
        CubeError: a region cuts shards, no slot for the period, or shards held by another area.
    """
    for region in areas.values():
        check_region(cube.template, region)

    def change(group: zarr.Group) -> tuple[bool, None]:
        slot, changed = slot_of(group, cube.template, period), False
        for key, region in areas.items():
            found = find_record(group, cube.template, slot, area_key=key, region=region)
            if found is not None and found.state is State.OCEAN:
                continue
            row = Record(key, region, State.OCEAN, 0.0, provenance)
            if found is not None:
                begin_row(cube, group, slot, row)
                clear_pixels(group, cube.template.bands, slot, region)
            write_record(group, cube.template, slot, row)
            changed = True
        return changed, None

    commit, _ = cube.change(change, commit_metadata(provenance))
    return commit
