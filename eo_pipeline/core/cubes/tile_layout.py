"""Where the tiles of an archive lie on a cube's grid: pixel on pixel, none over another.

What does not belong here: reading tiles, and which of them there are (`sources.aligned_tiles`).
"""

from collections.abc import Mapping

import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.lattice import describe_grid, offset_or_misfit, turns_to
from eo_pipeline.core.mosaics.plan import MosaicPlan, Placement, place
from eo_pipeline.core.problem_lines import problem_lines
from eo_pipeline.errors import GridMismatchError


def lay_tiles(grids: Mapping[str, GeoBox], target: GeoBox) -> MosaicPlan:
    """Place tiles by their georeferencing, cut to the target; `Placement.tile` counts the mapping's tiles.

    Longitudes are moved by whole turns to where the target is. The plan names no gaps.

    Args:
        grids: of the tiles, by name.
        target: grid of the cube.

    Raises:
        GridMismatchError: lists all tiles whose CRS or resolution differs or whose offset is not of whole pixels
            (within a thousandth), or all pairs that share pixels of the target.
    """
    _refuse_misfits(grids, target)
    names = list(grids)
    placements = tuple(found for number, name in enumerate(names) for found in place(grids[name], target, index=number))
    _refuse_overlaps(names, placements)
    return MosaicPlan(placements, ())


def _refuse_misfits(grids: Mapping[str, GeoBox], target: GeoBox) -> None:
    lines = []
    for name, grid in grids.items():
        found = [offset_or_misfit(grid, target, turn=turn) for turn in turns_to(grid, target)]
        why = next((one for one in found if isinstance(one, str)), None)
        if why is not None:
            lines.append(f"{name}: {why} [{describe_grid(grid)}]")
    if lines:
        raise GridMismatchError(
            f"expected tiles on the pixels of [{describe_grid(target)}], got {len(lines)} of {len(grids)} that do not "
            f"lie on them:\n{problem_lines(lines)}\ngive the cube the tiles' grid; nothing is resampled"
        )


def _refuse_overlaps(names: list[str], placements: tuple[Placement, ...]) -> None:
    """Refuse two tiles, or one twice, on the same pixels."""
    edges = np.array([_corners(one) for one in placements], dtype=float).reshape(-1, 4)
    boxes = shapely.box(edges[:, 0] + 0.25, edges[:, 1] + 0.25, edges[:, 2] - 0.25, edges[:, 3] - 0.25)
    one, other = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    pairs = [(placements[i], placements[j]) for i, j in zip(one.tolist(), other.tolist(), strict=True) if i < j]
    if pairs:
        lines = [f"{names[a.tile]} and {names[b.tile]}: {_shared(a, b)}" for a, b in sorted(pairs, key=_by_tiles)]
        raise GridMismatchError(
            f"expected tiles beside each other, got {len(lines)} pair(s) over the same pixels:\n"
            f"{problem_lines(lines)}\nleave one of each pair out of the listing, or correct the pattern"
        )


def _corners(placement: Placement) -> tuple[int, int, int, int]:
    part = placement.destination
    return part.column_start, part.row_start, part.column_stop, part.row_stop


def _by_tiles(pair: tuple[Placement, Placement]) -> tuple[int, int]:
    return pair[0].tile, pair[1].tile


def _shared(one: Placement, other: Placement) -> str:
    both = one.destination.intersection(other.destination)
    if both is None:
        return ""
    return f"rows {both.row_start} to {both.row_stop} and columns {both.column_start} to {both.column_stop} of the cube"
