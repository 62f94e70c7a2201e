"""The pixels of one shard as a source stores them; runs in a worker.

What does not belong here: shards that are composed (`read_shard`), and which scenes there are (`tile_tasks`).
"""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.stack import Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.sources.source import Loader


def copy_shard(
    loader: Loader, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[BandEncoding], rectangle: Rectangle
) -> dict[str, NDArray[Any]]:
    """Stored numbers (y, x) of every band; nodata, or 0, where no scene lies.

    Args:
        loader: of scenes that are one observation.
        scenes: that meet the shard.
        geobox: of the cube.
        bands: of the cube, as the scenes store them.
        rectangle: the shard's pixels in the cube.

    Raises:
        SourceError: lists the scenes that cannot be read, or are others than when they were listed.
    """
    stack = loader.load(scenes, View(geobox, rectangle), wanted_of(bands))
    return {name: band.stored[0] for name, band in stack.bands.items()}


def wanted_of(bands: Sequence[BandEncoding]) -> list[Wanted]:
    """Bands as they are stored."""
    return [Wanted(band.name, "nearest", nodata=band.empty) for band in bands]
