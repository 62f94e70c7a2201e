"""A band of an item as a file whose bytes are made when they are read. What does not belong here: HTTP."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.stac.cog_layout import BLOCK, CogLayout, Level, Piece, layout
from eo_pipeline.sandbox.stac.scenes import BandFile
from eo_pipeline.sandbox.world.cache import PixelCache

Blocks = PixelCache[bytes]
"""Blocks kept for the next read."""


@dataclass(frozen=True)
class CogFile:
    """One band of an item as a cloud-optimised GeoTIFF.

    Attributes:
        band: what it holds.
        version: of the image.
        layout: where its bytes are.
        kept: blocks made before.
    """

    band: BandFile
    version: int
    layout: CogLayout
    kept: Blocks

    @property
    def etag(self) -> str:
        """Changes whenever a byte may: quoted, strong."""
        header = hashlib.sha256(self.layout.header).hexdigest()
        told = f"{self.band.path} {self.version} {self.band.added} {header}"
        return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """The bytes [start, stop), at most a block at a time."""
        for piece in self.layout.pieces(start, stop):
            yield self._content(piece)[piece.start : piece.stop]

    def _content(self, piece: Piece) -> bytes:
        level = piece.level
        if level is None:
            return self.layout.header
        key = (self.band.path, self.band.added, self.version, level.number, piece.block)
        return self.kept.get(key, BLOCK * BLOCK, lambda: self._block(level, piece.block))

    def _block(self, level: Level, number: int) -> bytes:
        """A block of a level, filled with nodata beyond the image's edge."""
        x, y = number % level.across * BLOCK, number // level.across * BLOCK
        width, height = min(BLOCK, level.width - x), min(BLOCK, level.height - y)
        data, mask = self.band.source.read(level.number, x, y, width, height)
        block = np.full((BLOCK, BLOCK), self.band.nodata, self.layout.dtype)
        block[:height, :width] = np.where(mask > 0, self._stored(data), self.band.nodata)
        return block.tobytes()

    def _stored(self, data: np.ndarray) -> np.ndarray:
        """Pixels as they are stored: no number leaves its type by what is added."""
        if not self.band.added:
            return data
        return np.minimum(data.astype(np.int64) + self.band.added, np.iinfo(self.layout.dtype).max)


def cog_file(band: BandFile, version: int, kept: Blocks) -> CogFile | None:
    """The file of a band of an image of a version; None if the band has no end.

    Raises:
        ValueError: The image is too large for a file; see `layout`.
    """
    source = band.source
    if source.dimensions is None:
        return None
    grid = source.projection.grid(0, 0, *source.dimensions)
    dtype = source.pixel_type.dtype.newbyteorder("<")
    return CogFile(band, version, layout(grid, dtype, band.nodata), kept)
