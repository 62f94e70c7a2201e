"""Writing a COG from a source of blocks: by threads of our own, or by GDAL's driver. Does not belong here: either."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rasterio
from numpy.typing import NDArray

from eo_pipeline.core.mosaics.overviews import level_shapes
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.storage.cogs.block_windows import CACHE_SHARE, PENDING_SHARE, WAITING_SHARE, Workload
from eo_pipeline.storage.cogs.block_writer import BlockWriter
from eo_pipeline.storage.cogs.encoding import CODES, Encoding
from eo_pipeline.storage.cogs.gdal_cog import write_gdal_cog
from eo_pipeline.storage.cogs.layout import Level, head_size, lay_out
from eo_pipeline.storage.cogs.part_files import BlockTable, PartFiles
from eo_pipeline.storage.cogs.pending_blocks import PendingBlocks
from eo_pipeline.storage.cogs.placed_blocks import PlacedBlocks
from eo_pipeline.storage.cogs.sources import BlockSource
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.template import sized, tags_like_gdal
from eo_pipeline.storage.cogs.unfinished import WHOLE, complete_or_absent
from eo_pipeline.storage.cogs.whole_file import assemble, check_whole


def write_cog(
    path: Path, spec: CogSpec, source: BlockSource, *, threads: int, max_memory_mb: int, big: bool = False
) -> int:
    """Write what a source holds as a COG with internal overviews; returns its size in bytes.

    Args:
        path: the final name, complete or absent; its folder is made if missing.
        spec: georeferencing, bands, metadata and codec.
        source: pixels, asked for by windows of whole blocks.
        threads: that read and compress at once, 1 or more.
        max_memory_mb: about how many megabytes pixels and caches may take, whatever the size of the raster; one
            window of 2 x 2 blocks is held in any case.
        big: write a BigTIFF even if the file is small; one of 4 GiB and more always is.

    Raises:
        DiskFullError: no space left; nothing stays behind.
        StorageError: it could not be written; nothing stays behind.
    """
    cache_mb = max(16, max_memory_mb // CACHE_SHARE)
    if spec.compression not in CODES:
        return write_gdal_cog(path, spec, _pixels(spec, source, max_memory_mb), cache_mb=cache_mb)
    with rasterio.Env(GDAL_CACHEMAX=cache_mb * 2**20), complete_or_absent(path, spec) as folder:
        work = Workload.within(max_memory_mb, spec, threads=threads)
        _write_blocks(folder, spec, source, work, memory=max_memory_mb * 2**20, big=big)
    return path.stat().st_size


def _write_blocks(folder: Path, spec: CogSpec, source: BlockSource, work: Workload, *, memory: int, big: bool) -> None:
    """Write WHOLE; shares of so many bytes are for blocks, and for pixels, that wait for their turn."""
    height, width = spec.geobox.shape
    shapes = level_shapes((height, width), spec.block)
    tags = tags_like_gdal(spec, folder)
    tables = [BlockTable.empty((-(-height // spec.block), -(-width // spec.block))) for height, width in shapes]
    levels = [
        Level(sized(tags, shape, spec.block, overview=number > 0), table.sizes.reshape(-1))
        for number, (shape, table) in enumerate(zip(shapes, tables, strict=True))
    ]
    with PartFiles(folder, tables, memory=memory // WAITING_SHARE) as part:
        placed = PlacedBlocks(part)
        pending = PendingBlocks(shapes, spec.block, spec.empty, memory // PENDING_SHARE)
        BlockWriter(spec, shapes, source, Encoding.of(spec), part, placed, head_size(levels), work, pending).write_all()
        layout = lay_out(levels, big=big, first=placed.first)
        if not placed.first:
            placed.begin(layout.first)
        assemble(folder / WHOLE, part, layout, threads=work.threads)
    check_whole(folder / WHOLE, spec, tables, threads=work.threads)


def _pixels(spec: CogSpec, source: BlockSource, max_memory_mb: int) -> Iterator[tuple[Rectangle, NDArray[Any]]]:
    """Windows of whole blocks that take about an eighth of the memory each: copies and masks need the rest."""
    height, width = spec.geobox.shape
    blocks = max(1, max_memory_mb * 2**20 // 8 // spec.pixel_bytes // spec.block**2)
    across = min(blocks, -(-width // spec.block))
    rows, columns = blocks // across * spec.block, across * spec.block
    for window in windows(height=height, width=width, rows=rows, columns=columns):
        if not source.is_empty(window):
            yield window, source.read(window)
