"""Tiles of one export become one cloud-optimised mosaic on the area's grid.

Does not belong here: which tiles there should be, and how a COG is laid out on disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader, check_headers, check_lattice
from eo_pipeline.core.mosaics import MosaicOptions, MosaicPlan, Overlap, check_options, describe_gaps, plan_mosaic
from eo_pipeline.core.summaries import BandSummary, Tally
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.mosaics.damaged import check_warped, corrupt_tiles
from eo_pipeline.steps.mosaics.observe import Observed, Progress
from eo_pipeline.steps.mosaics.paint import Painter
from eo_pipeline.storage.cogs.raw_blocks import BlockFormat
from eo_pipeline.storage.cogs.spec import CogSpec
from eo_pipeline.storage.cogs.write_cog import write_cog
from eo_pipeline.storage.raster_handles import RasterHandles
from eo_pipeline.storage.rasters import read_headers

_THREADS = 4
"""Threads that read, compress and write one mosaic."""


@dataclass(frozen=True)
class MosaicReport:
    """What was written.

    Attributes:
        path: the mosaic.
        bytes: its size.
        tiles: tiles that have pixels in it.
        warped: how many of those lay in another CRS.
        gap_pixels: pixels that no tile covers (nodata in the mosaic).
        bands: one summary a band, in file order.
    """

    path: Path
    bytes: int
    tiles: int
    warped: int
    gap_pixels: int
    bands: tuple[BandSummary, ...]


def make_mosaic(
    tiles: Sequence[Path],
    *,
    target: GeoBox,
    bands: Sequence[BandEncoding],
    path: Path,
    tags: Mapping[str, str],
    overlap: Overlap = "first",
    resampling: str | None = None,
    compression: str = "deflate",
    level: int | None = None,
    max_z_error: float = 0.0,
    allow_gaps: bool = False,
    max_memory_mb: int = 256,
    threads: int = _THREADS,
    progress: Progress | None = None,
) -> MosaicReport:
    """Merge tiles into one COG on the target grid; placement comes from georeferencing, never from names.

    Surplus pixels outside the target are cut. Longitudes are moved by whole turns to where the target is. A pixel
    that has a value in one tile only keeps it whatever the rule: nodata and NaN never win.

    Args:
        tiles: local rasters on the target's pixel lattice, or in another CRS if `resampling` is given.
        target: grid of the mosaic.
        bands: encodings in the tiles' band order; all of one dtype and one nodata.
        path: the mosaic's final name; complete or absent.
        tags: provenance, kept in the file's metadata.
        overlap: which value of several tiles wins: first, last, min, max or mean; means of integers are rounded to
            the nearest, halves up.
        resampling: how continuous bands of tiles in another CRS are warped: nearest, bilinear, cubic or average;
            classes and counts are always the nearest pixel's. Such tiles are refused if None.
        compression: deflate, zstd, lzw, lerc or none.
        level: effort of deflate (1 to 12) or zstd (1 to 22); if None 1 for zstd, and what suits the pixels for deflate.
        max_z_error: how far a stored number may be off, with lerc only.
        allow_gaps: whether target pixels may be covered by no tile; they become nodata.
        max_memory_mb: about how many megabytes pixels may take, whatever the size of the mosaic.
        threads: that read and compress at once.
        progress: told as windows are read.

    Raises:
        ProductError: what is asked for does not fit the bands.
        TilesError: tiles are unreadable, corrupt or differ from the bands, or leave gaps; lists all.
        GridMismatchError: tiles do not lie on the target's pixels; lists all.
        DiskFullError: no space left.
        StorageError: it could not be written.
    """
    options = MosaicOptions(overlap, resampling, compression, level, max_z_error, allow_gaps)
    check_options(options, bands)
    headers = read_headers(tiles)
    check_headers(headers, bands)
    _check_masks(headers)
    plan = _plan(headers, target, warps=options.resampling is not None)
    if plan.gaps and not options.allow_gaps:
        raise TilesError(describe_gaps(plan.gaps, target))
    spec = CogSpec(target, bands, tags, options.compression, options.level, max_z_error=options.max_z_error)
    height, width = target.shape
    with RasterHandles() as handles:
        painter = Painter(headers, plan, target, bands, options, BlockFormat.of_spec(spec), handles)
        source = Observed(painter, [Tally(band) for band in bands], height * width, progress)
        check_warped(handles, headers, plan)
        try:
            size = write_cog(path, spec, source, threads=threads, max_memory_mb=max_memory_mb)
        except TilesError as error:
            raise TilesError("\n".join(corrupt_tiles(handles, headers)) or str(error)) from error
    return _report(path, size, plan, source.summaries())


def _check_masks(headers: Mapping[Path, RasterHeader]) -> None:
    if masked := [str(path) for path, header in headers.items() if header.masked]:
        raise TilesError(
            f"expected tiles that mark missing pixels by nodata, got masks beside the pixels of {', '.join(masked)}; "
            "export them with nodata"
        )


def _plan(headers: Mapping[Path, RasterHeader], target: GeoBox, *, warps: bool) -> MosaicPlan:
    check_lattice(headers, target, warps=warps)
    return plan_mosaic([header.geobox for header in headers.values()], target, warps=warps)


def _report(path: Path, size: int, plan: MosaicPlan, bands: tuple[BandSummary, ...]) -> MosaicReport:
    used = {placement.tile for placement in plan.placements}
    warped = {placement.tile for placement in plan.placements if placement.warp is not None}
    return MosaicReport(path, size, len(used), len(warped), sum(gap.pixels for gap in plan.gaps), bands)
