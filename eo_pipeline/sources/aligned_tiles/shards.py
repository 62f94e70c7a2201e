"""Shards of a cube from windows of tiles, in a worker: stored numbers are copied, nothing is resampled.

What does not belong here: which tiles a shard meets (`core.cubes.tile_layout`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.mosaics.plan import Placement
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.scenes.scene import SceneBand
from eo_pipeline.errors import SourceError
from eo_pipeline.storage.scenes.aligned import copy_window
from eo_pipeline.storage.scenes.scene_files import UnreadableError, opened


@dataclass(frozen=True)
class TilePiece:
    """The pixels of one tile in one shard.

    Attributes:
        href: of the tile.
        shape: of the whole tile (y, x), as it was when it was placed.
        numbers: of the cube's bands in the tile, from 1.
        placement: from the tile's own pixels to those counted from the shard's corner.
    """

    href: str
    shape: tuple[int, int]
    numbers: tuple[int, ...]
    placement: Placement


def read_tiles(
    pieces: tuple[TilePiece, ...], bands: tuple[BandEncoding, ...], options: Mapping[str, str], shard: Rectangle
) -> dict[str, NDArray[Any]]:
    """The stored numbers (y, x) of a shard, by band; nodata, or 0, where no tile lies.

    Raises:
        SourceError: lists the tiles that cannot be read, or are others than when they were placed.
    """
    into = {band.name: np.full((shard.height, shard.width), band.empty, band.dtype) for band in bands}
    failures = []
    for piece in pieces:
        try:
            _copy(piece, bands, options, into)
        except UnreadableError as error:
            failures.append(f"  {error}")
    if failures:
        raise SourceError(
            f"expected readable tiles, got {len(failures)} that cannot be read:\n"
            + "\n".join(failures)
            + "\ncopy them "
            "to the archive again; nothing was committed"
        )
    return into


def _copy(
    piece: TilePiece, bands: tuple[BandEncoding, ...], options: Mapping[str, str], into: Mapping[str, NDArray[Any]]
) -> None:
    with opened(SceneBand(piece.href, max(piece.numbers)), options) as dataset:
        types = {dataset.dtypes[number - 1] for number in piece.numbers}
        if (dataset.height, dataset.width) != piece.shape or types != {band.dtype for band in bands}:
            raise UnreadableError(
                f"{piece.href}: expected {piece.shape[1]} x {piece.shape[0]} px as when it was placed, got "
                f"{dataset.width} x {dataset.height} px of {', '.join(sorted(types))}"
            )
        for band, number in zip(bands, piece.numbers, strict=True):
            copy_window(dataset, piece.placement, into[band.name], index=number)
