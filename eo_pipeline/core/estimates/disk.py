"""Local disk that a product's files need. What does not belong here: how large tiles are (`rates`)."""

from dataclasses import dataclass

from eo_pipeline.core.estimates.intervals import Interval

MOSAIC = 4 / 3
"""Size of a mosaic as a multiple of its tiles': overviews add a quarter, a sixteenth, ... of the pixels."""

HEADROOM = 1.1
"""For work in progress, tables and the file system."""


@dataclass(frozen=True)
class Keeping:
    """What stays on the disk.

    Attributes:
        tiles_of: partitions whose tiles are there at once; None for all of them.
        mosaics: True if they are kept on this disk.
        cube: True if the cube is on this disk.
        made: False if tiles become no mosaic at all.
    """

    tiles_of: int | None
    mosaics: bool
    cube: bool
    made: bool = True


def local_disk(tiles: Interval, *, exports: int, keeping: Keeping) -> Interval:
    """Bytes at the fullest moment.

    Args:
        tiles: bytes of all tiles.
        exports: that they come from.
        keeping: what stays.
    """
    at_once = exports if keeping.tiles_of is None else min(exports, keeping.tiles_of)
    share = at_once / exports if exports else 0.0
    one = 0.0 if keeping.mosaics or not keeping.made or not exports else MOSAIC / exports
    return tiles.times(HEADROOM * (share + one + MOSAIC * keeping.mosaics + keeping.cube))
