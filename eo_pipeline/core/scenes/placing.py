"""Which pixels of a target grid a scene's file gives, and whether they are its own or have to be warped.

What does not belong here: reading and resampling.
"""

from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.lattice import frame, turns_to, whole_offset
from eo_pipeline.core.mosaics.plan import Placement, place
from eo_pipeline.core.mosaics.warping import footprint, surrounding, warps_of
from eo_pipeline.errors import GridMismatchError


def placements_of(source: GeoBox, target: GeoBox) -> tuple[Placement, ...]:
    """Where a file's pixels fall on a target; none if it lies elsewhere.

    Its own pixels, if both share CRS, resolution and lattice; else as they are warped.

    Raises:
        GridMismatchError: part of the file's edge has no place in the target's CRS.
    """
    if is_aligned(source, target):
        return place(source, target)
    destination = surrounding(footprint(source, target)).intersection(frame(target))
    if destination is None:
        return ()
    return tuple(Placement(0, destination, destination, warp) for warp in warps_of(source, target, destination))


def is_aligned(source: GeoBox, target: GeoBox) -> bool:
    """Whether the pixels of one grid are pixels of the other's lattice, within a thousandth."""
    try:
        for turn in turns_to(source, target):
            whole_offset(source, target, turn=turn)
    except GridMismatchError:
        return False
    return True
