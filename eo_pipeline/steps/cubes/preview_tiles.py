"""A coarse look at a period's aligned tiles, before anything is copied.

Tiles are read decimated, each band as it is stored. What does not belong here: the picture (`steps.previews.preview`).
"""

from collections.abc import Sequence

from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics.lattice import coarser
from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.view import View
from eo_pipeline.sources.aligned_tiles.archive import TileArchive
from eo_pipeline.sources.aligned_tiles.source import AlignedTiles
from eo_pipeline.steps.cubes.copy_shard import wanted_of
from eo_pipeline.steps.cubes.preview_scenes import MOST
from eo_pipeline.steps.previews.preview import Preview, summary_of


def preview_tiles(
    bands: Sequence[BandEncoding], geobox: GeoBox, period: Period, archive: TileArchive, *, side: int = MOST
) -> Preview:
    """Look at the tiles that meet an area in pixels so coarse that no side has more than so many.

    Args:
        bands: of the tiles, as the cube stores them.
        geobox: of the area, on the tiles' pixels.
        period: whose key is the tiles' date.
        archive: of the tiles.
        side: pixels along the longer side at most.

    Raises:
        SourceError: no tile of the date, or lists tiles that cannot be read or hold other bands.
        GridMismatchError: names tiles that do not lie on the area's pixels, or over each other.
    """
    source = AlignedTiles(archive, tuple(bands))
    scenes = source.inputs(geobox, period)
    coarse = coarser(geobox, -(-max(geobox.shape) // side))
    if not scenes:
        return Preview(coarse, 0, {}, ())
    stack = source.load(scenes, View(coarse, overviews=True), wanted_of(bands))
    pixels = {name: band.stored[0] for name, band in stack.bands.items()}
    return Preview(coarse, len(scenes), pixels, tuple(summary_of(band, pixels[band.name]) for band in bands))
