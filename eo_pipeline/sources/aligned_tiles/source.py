"""Aligned tiles as a source of scenes: those of a period are one observation. Not here: their pixels (`copying`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.stack import Stack, Wanted
from eo_pipeline.core.scenes.view import View
from eo_pipeline.sources.aligned_tiles.archive import Tile, TileArchive
from eo_pipeline.sources.aligned_tiles.copying import AlignedFiles
from eo_pipeline.sources.aligned_tiles.headers import read_tile_headers
from eo_pipeline.sources.aligned_tiles.scenes import file_of, laid_on, scene_of

_MENDING = "copy them to the archive again"


@dataclass(frozen=True)
class AlignedTiles:
    """Tiles that lie on a cube's pixels; see `sources.source.Source`. A scene's id is its tile's place.

    Attributes:
        archive: of the tiles.
        bands: that are copied, as tiles store them.
    """

    archive: TileArchive
    bands: tuple[BandEncoding, ...]

    @property
    def name(self) -> str:
        """For messages."""
        return self.archive.name

    @property
    def loader(self) -> AlignedFiles:
        """Loads in a worker, whose environment holds what is secret."""
        access = self.archive.access
        return AlignedFiles(f"tiles of {self.name}", _MENDING, access.options)

    def inputs(self, geobox: GeoBox, period: Period) -> tuple[Scene, ...]:
        """See Source; the tiles of the date that the period is called by. Opens each.

        Raises:
            GridMismatchError: names tiles that do not lie on the grid's pixels, with the numbers, or over each other.
        """
        scenes = self.scenes_of(self.archive.slot(period).tiles, period)
        inside = {placement.tile for placement in laid_on(geobox, scenes).placements}
        return tuple(sorted((scenes[number] for number in inside), key=lambda scene: scene.order))

    def scenes_of(self, tiles: Sequence[Tile], period: Period) -> tuple[Scene, ...]:
        """Tiles as scenes of a period, in the same order; opens each.

        Raises:
            SourceError: lists the tiles that cannot be opened, or that hold other bands, types or nodata.
        """
        access = self.archive.access
        options = access.options_for(tile.href for tile in tiles)
        headers = read_tile_headers(tiles, self.bands, name=self.name, options=options, threads=access.threads)
        return tuple(
            scene_of(tile, header, self.bands, collection=self.name, period=period) for tile, header in headers.items()
        )

    def settled(self, scenes: Sequence[Scene]) -> tuple[Scene, ...]:
        """See Source: tiles say what they are."""
        return tuple(scenes)

    def load(self, scenes: Sequence[Scene], view: View, bands: Sequence[Wanted]) -> Stack:
        """See Source."""
        access = self.archive.access
        options = access.options_for(file_of(scene).href for scene in scenes)
        files = AlignedFiles(f"tiles of {self.name}", _MENDING, options, access.threads)
        return files.load(scenes, view, bands)
