"""Writing a COG from a source of blocks, by whichever writer suits it. Does not belong here: how they write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.storage.cogs.gdal_cog import write_gdal_cog
from eo_pipeline.storage.cogs.sources import BlockSource
from eo_pipeline.storage.cogs.spec import CogSpec


def write_cog(path: Path, spec: CogSpec, source: BlockSource, *, threads: int, max_memory_mb: int) -> int:
    """Write what a source holds as a COG with internal overviews; returns its size in bytes.

    Args:
        path: the final name, complete or absent; its folder is made if missing.
        spec: georeferencing, bands, metadata and codec.
        source: pixels, asked for by windows of whole blocks.
        threads: that read and compress at once, 1 or more.
        max_memory_mb: about how many megabytes pixels and caches may take, whatever the size of the raster.

    Raises:
        DiskFullError: no space left; nothing stays behind.
        StorageError: it could not be written; nothing stays behind.
    """
    del threads
    return write_gdal_cog(path, spec, _pixels(spec, source, max_memory_mb), cache_mb=max(16, max_memory_mb // 4))


def _pixels(spec: CogSpec, source: BlockSource, max_memory_mb: int) -> Iterator[tuple[Rectangle, NDArray[Any]]]:
    """Windows of whole blocks that take about an eighth of the memory each: copies and masks need the rest."""
    height, width = spec.geobox.shape
    blocks = max(1, max_memory_mb * 2**20 // 8 // spec.pixel_bytes // spec.block**2)
    across = min(blocks, -(-width // spec.block))
    rows, columns = blocks // across * spec.block, across * spec.block
    for window in windows(height=height, width=width, rows=rows, columns=columns):
        if not source.is_empty(window):
            yield window, source.read(window)
