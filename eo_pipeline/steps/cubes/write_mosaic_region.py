"""One area's mosaic becomes one slot of its region in the cube, with its ledger row.

What does not belong here: which partitions are wanted, and how a cube is laid out or committed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from odc.geo.geobox import GeoBox

from eo_pipeline.core.cubes.cube_ledger import Provenance, State
from eo_pipeline.core.cubes.cube_region import region_of
from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.mosaics import describe_grid, whole_offset
from eo_pipeline.core.periods import Period
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.engines import Progress
from eo_pipeline.engines.timeline import Timeline
from eo_pipeline.errors import CubeError
from eo_pipeline.sources.aligned_tiles.scenes import file_of
from eo_pipeline.sources.mosaics import MosaicSource
from eo_pipeline.steps.cubes.copy_shard import copy_shard
from eo_pipeline.steps.cubes.threaded import Threaded
from eo_pipeline.storage.cubes import (
    CubeAddress,
    ShardTask,
    extend_time,
    open_or_create_cube,
    shards_in,
    write_partition,
)


@dataclass(frozen=True)
class CubeRegionReport:
    """What writing a partition came to.

    Attributes:
        snapshot: id of the snapshot that holds the region; empty in plain Zarr.
        changed: False if the cube already held the same inputs.
        slot: of the period, counted from 0.
        region: the area's pixels in the cube.
        state: what the ledger says of the partition.
        valid_share: usable share of the region's values, 0 to 1; counts are left out.
        timeline: of the threads that copied shards; empty if none was.
    """

    snapshot: str
    changed: bool
    slot: int
    region: Rectangle
    state: State
    valid_share: float
    timeline: Timeline


def write_mosaic_region(
    mosaic: Path | None,
    *,
    template: CubeTemplate,
    repository: CubeAddress,
    period: Period,
    area_geobox: GeoBox,
    area_key: str,
    provenance: Provenance,
    progress: Callable[[Progress], None] | None = None,
) -> CubeRegionReport:
    """Write a mosaic into the cube, shard by shard in threads of this process (see `write_partition`).

    The cube and the period's slot are made if they are not there.

    Args:
        mosaic: the area's pixels on `area_geobox`, the template's bands by name or, without names, in order;
            None = the source had no images.
        template: the cube.
        repository: where it is, in Icechunk or plain Zarr.
        period: the slot.
        area_geobox: the area's grid, whole shards of the cube's grid.
        area_key: the area's key.
        provenance: for the ledger; its `inputs_hash` decides whether anything is done.
        progress: told after each of several shards.

    Raises:
        CubeError: the area does not sit on the cube's grid and shards, the mosaic is not the area's, or the repository
            holds another template.
        GridMismatchError: the mosaic does not lie on the area's pixels.
        TilesError: the mosaic cannot be opened, or its bands, dtype or nodata are not the template's.
        SourceError: its pixels cannot be read; nothing was committed.
        DiskFullError: no room; the cube's head is what it was, or in plain Zarr the partition is not done.
    """
    region = region_of(template, area_geobox)
    source = MosaicSource(mosaic, area_key, provenance.inputs_hash, template.bands)
    scenes = source.inputs(area_geobox, period)
    if mosaic is not None:
        _check_grid(mosaic, scenes, area_geobox)
    read = partial(copy_shard, source, scenes, template.geobox, template.bands) if scenes else None
    tasks = [ShardTask(shard, provenance.inputs_hash, read) for shard in shards_in(template, region)]
    cube = open_or_create_cube(repository, template)
    extend_time(cube, period)
    threads = Threaded(template, progress=progress)
    commit = write_partition(cube, period, region, tasks, threads, area_key=area_key, provenance=provenance)
    record = commit.record
    return CubeRegionReport(
        commit.snapshot, commit.changed, commit.slot, region, record.state, record.valid_share, threads.timeline
    )


def _check_grid(mosaic: Path, scenes: Sequence[Scene], area: GeoBox) -> None:
    grid = file_of(scenes[0]).geobox if scenes else None
    if grid is None or whole_offset(grid, area) != (0, 0) or grid.shape != area.shape:
        got = "one that lies elsewhere" if grid is None else describe_grid(grid)
        raise CubeError(
            f"Expected {mosaic} on the area's grid, {describe_grid(area)}, got {got}; make the mosaic again for this "
            "area."
        )
