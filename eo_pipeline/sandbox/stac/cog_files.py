"""A band of an item as a file whose bytes are made when they are read. What does not belong here: HTTP."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.graph.images import BandSource
from eo_pipeline.sandbox.stac.bands import CLASSES_SOURCE, SOURCES
from eo_pipeline.sandbox.stac.cog_layout import BLOCK, CogLayout, Level, Piece, layout
from eo_pipeline.sandbox.stac.scenes import Scene
from eo_pipeline.sandbox.world.cache import PixelCache

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
"""Media type of the files."""

NODATA = 0

Blocks = PixelCache[bytes]
"""Blocks kept for the next read."""


@dataclass(frozen=True)
class CogFile:
    """One band of an item as a cloud-optimised GeoTIFF.

    Attributes:
        path: folder and name, unique.
        source: the band.
        added: what its pixels have over the source's.
        layout: where its bytes are.
        version: of the image.
        kept: blocks made before.
    """

    path: str
    source: BandSource
    added: int
    layout: CogLayout
    version: int
    kept: Blocks

    @property
    def etag(self) -> str:
        """Changes whenever a byte may: quoted, strong."""
        told = f"{self.path} {self.version} {self.added} {hashlib.sha256(self.layout.header).hexdigest()}"
        return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes [start, stop), at most a block at a time."""
        for piece in self.layout.pieces(start, stop):
            yield self._content(piece)[piece.start : piece.stop]

    def _content(self, piece: Piece) -> bytes:
        level = piece.level
        if level is None:
            return self.layout.header
        key = (self.path, self.added, self.version, level.number, piece.block)
        return self.kept.get(key, BLOCK * BLOCK, lambda: self._block(level, piece.block))

    def _block(self, level: Level, number: int) -> bytes:
        """A block of a level, filled with nodata beyond the image's edge."""
        x, y = number % level.across * BLOCK, number // level.across * BLOCK
        width, height = min(BLOCK, level.width - x), min(BLOCK, level.height - y)
        data, mask = self.source.read(level.number, x, y, width, height)
        block = np.full((BLOCK, BLOCK), NODATA, self.layout.dtype)
        most = np.iinfo(self.layout.dtype).max
        stored = np.minimum(data.astype(np.int64) + self.added, most)
        block[:height, :width] = np.where(mask > 0, stored, NODATA)
        return block.tobytes()


def cog_file(scene: Scene, name: str, kept: Blocks) -> CogFile | None:
    """The file of a band, for example B04, of an item; None if the item has no such band.

    Raises:
        ValueError: The image is of a kind that cannot be published as it stands; see `layout`.
    """
    source = scene.record.bands.get(SOURCES.get(name, ""))
    if source is None or source.dimensions is None:
        return None
    grid = source.projection.grid(0, 0, *source.dimensions)
    added = 0 if SOURCES[name] == CLASSES_SOURCE else scene.radiometry.added
    dtype = source.pixel_type.dtype.newbyteorder("<")
    return CogFile(f"{scene.folder}/{name}.tif", source, added, layout(grid, dtype, NODATA), scene.record.version, kept)
