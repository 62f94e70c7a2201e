"""Tiles that have blocks nobody can read, before or after somebody met one.

Does not belong here: reading pixels that are wanted.
"""

from collections.abc import Mapping
from pathlib import Path

from eo_pipeline.core.headers import RasterHeader
from eo_pipeline.core.mosaics import MosaicPlan
from eo_pipeline.errors import TilesError
from eo_pipeline.storage.raster_handles import RasterHandles


def check_warped(handles: RasterHandles, tiles: Mapping[Path, RasterHeader], plan: MosaicPlan) -> None:
    """Read every tile that GDAL is going to warp, since it takes some damaged blocks for pixels.

    Args:
        handles: that tiles are read through.
        tiles: in the order of the plan's indices.
        plan: which of them are warped.

    Raises:
        TilesError: lists those that have a block nobody can read.
    """
    warped = {placement.tile for placement in plan.placements if placement.warp is not None}
    named = {path: header for index, (path, header) in enumerate(tiles.items()) if index in warped}
    if problems := corrupt_tiles(handles, named):
        raise TilesError("\n".join(problems))


def corrupt_tiles(handles: RasterHandles, tiles: Mapping[Path, RasterHeader]) -> list[str]:
    """What is said of every tile that has a block nobody can read."""
    problems = []
    for path, header in tiles.items():
        try:
            handles.check(path, header)
        except TilesError as error:
            problems.append(str(error))
    return problems
