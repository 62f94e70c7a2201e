"""How an export is cut: into files, and each file into windows that fit in memory. Pure arithmetic, no pixels."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from eo_pipeline.sandbox.graph.grids import Grid


@dataclass(frozen=True)
class Shard:
    """One file of an export."""

    column: int
    """Column of its first pixel in the whole export."""
    row: int
    """Row of its first pixel in the whole export."""
    grid: Grid

    def name(self, prefix: str, *, alone: bool) -> str:
        """The object's name: `prefix.tif` when alone, else `prefix-ROW-COLUMN.tif` with 10 digits each."""
        return f"{prefix}.tif" if alone else f"{prefix}-{self.row:010d}-{self.column:010d}.tif"


def cut(grid: Grid, *, width: int, height: int) -> list[Shard]:
    """Shards of at most (width, height) pixels, row by row; those at the right and lower edges are smaller."""
    return [
        Shard(x, y, grid.window(x, y, min(width, grid.width - x), min(height, grid.height - y)))
        for y in range(0, grid.height, height)
        for x in range(0, grid.width, width)
    ]


def windows(grid: Grid, side: int) -> Iterator[tuple[int, int, Grid]]:
    """(column, row, grid) of the parts of at most `side` x `side` pixels, row by row."""
    return ((shard.column, shard.row, shard.grid) for shard in cut(grid, width=side, height=side))


def default_side(*, file_bytes: int, pixel_bytes: int, shard_size: int) -> int:
    """Pixels a side of an export's files when the client names none: a multiple of the shard size.

    Args:
        file_bytes: Uncompressed bytes of a full file.
        pixel_bytes: Bytes of one pixel, all bands.
        shard_size: Pixels a side.
    """
    return math.ceil(math.sqrt(file_bytes / pixel_bytes) / shard_size) * shard_size
