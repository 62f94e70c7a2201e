"""Mosaics of exports, such as Earth Engine's, as a source: one of an area and period is one observation.

What does not belong here: making mosaics (`steps.mosaics`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import check_headers
from eo_pipeline.core.mosaics import place
from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.stack import Stack, Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.sources.aligned_tiles.archive import Tile
from eo_pipeline.sources.aligned_tiles.copying import AlignedFiles
from eo_pipeline.sources.aligned_tiles.scenes import scene_of
from eo_pipeline.storage.rasters import read_header


@dataclass(frozen=True)
class MosaicSource:
    """The mosaic of one area and period; see `sources.source.Source`.

    Attributes:
        path: on this machine; None = there were no images to make it of.
        area_key: its area, the scene's id.
        version: text that differs when its pixels do.
        bands: as it stores them.
    """

    path: Path | None
    area_key: str
    version: str
    bands: tuple[BandEncoding, ...]

    @property
    def name(self) -> str:
        """For messages."""
        return f"the mosaic of {self.area_key}"

    def inputs(self, geobox: GeoBox, period: Period) -> tuple[Scene, ...]:
        """See Source: one scene, or none.

        Raises:
            TilesError: the mosaic cannot be opened, or its bands, dtype or nodata are others.
            GridMismatchError: it does not lie on the grid's pixels.
        """
        if self.path is None:
            return ()
        header = read_header(self.path)
        check_headers({self.path: header}, self.bands)
        tile = Tile(self.area_key, str(self.path), self.version)
        scene = scene_of(tile, header, self.bands, collection="mosaics", period=period)
        return (scene,) if place(header.geobox, geobox) else ()

    def settled(self, scenes: Sequence[Scene]) -> tuple[Scene, ...]:
        """See Source: a mosaic says what it is."""
        return tuple(scenes)

    def load(self, scenes: Sequence[Scene], view: View, bands: Sequence[Wanted]) -> Stack:
        """See Source."""
        files = AlignedFiles(self.name, "make it again", {})
        return files.load(scenes, view, bands)
