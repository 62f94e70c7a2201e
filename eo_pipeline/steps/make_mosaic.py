"""Tiles of one export become one cloud-optimised mosaic on the area's grid.

Does not belong here: which tiles there should be, and how a COG is laid out on disk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.headers import RasterHeader, check_headers, check_lattice
from eo_pipeline.core.mosaics import MosaicPlan, describe_gaps, plan_mosaic
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.core.summaries import BandSummary, Tally
from eo_pipeline.errors import ProductError, TilesError
from eo_pipeline.storage.cogs.gdal_cog import write_gdal_cog
from eo_pipeline.storage.cogs.spec import BLOCK, CogSpec
from eo_pipeline.storage.rasters import read_headers, read_together

COMPRESSIONS = ("deflate", "zstd", "lzw", "none")
Progress = Callable[[int, int], None]
"""Called with (windows written, windows in all)."""


@dataclass(frozen=True)
class MosaicReport:
    """What was written.

    Attributes:
        path: the mosaic.
        bytes: its size.
        tiles: tiles that have pixels in it.
        gap_pixels: pixels that no tile covers (nodata in the mosaic).
        bands: one summary a band, in file order.
    """

    path: Path
    bytes: int
    tiles: int
    gap_pixels: int
    bands: tuple[BandSummary, ...]


def make_mosaic(
    tiles: Sequence[Path],
    *,
    target: GeoBox,
    bands: Sequence[BandEncoding],
    path: Path,
    tags: Mapping[str, str],
    compression: str = "deflate",
    max_memory_mb: int = 256,
    allow_gaps: bool = False,
    progress: Progress | None = None,
) -> MosaicReport:
    """Merge tiles into one COG on the target grid; placement comes from georeferencing, never from names.

    Where tiles overlap, the first one in `tiles` that has a value wins. Surplus pixels outside the target are cut.

    Args:
        tiles: local rasters on the target's pixel lattice.
        target: grid of the mosaic.
        bands: encodings in the tiles' band order; all of one dtype and one nodata.
        path: the mosaic's final name; complete or absent.
        tags: provenance, kept in the file's metadata.
        compression: deflate, zstd, lzw or none.
        max_memory_mb: about how many megabytes pixels may take, whatever the size of the mosaic.
        allow_gaps: whether target pixels may be covered by no tile; they become nodata.
        progress: told after every window.

    Raises:
        ProductError: bands differ in dtype or nodata, gaps are allowed without a nodata, or the compression is
            none of COMPRESSIONS.
        TilesError: a tile is unreadable or differs from the bands, or tiles leave gaps; lists all.
        GridMismatchError: tiles do not lie on the target's pixels; lists all.
        DiskFullError: no space left.
    """
    _check_request(bands, compression, allow_gaps=allow_gaps)
    headers = read_headers(tiles)
    check_headers(headers, bands)
    check_lattice(headers, target)
    plan = plan_mosaic([header.geobox for header in headers.values()], target)
    if plan.gaps and not allow_gaps:
        raise TilesError(describe_gaps(plan.gaps, target))
    tallies = [Tally(band) for band in bands]
    spec = CogSpec(target, bands, tags, compression)
    wanted = _windows(spec, max_memory_mb)
    painted = _painted(headers, plan, bands, wanted)
    observed = _observed(painted, tallies, total=len(wanted), progress=progress)
    size = write_gdal_cog(path, spec, observed, cache_mb=max(16, max_memory_mb // 4))
    gap_pixels = sum(gap.pixels for gap in plan.gaps)
    return MosaicReport(path, size, len(plan.placements), gap_pixels, tuple(tally.summary() for tally in tallies))


def _painted(
    headers: Mapping[Path, RasterHeader], plan: MosaicPlan, bands: Sequence[BandEncoding], wanted: Sequence[Rectangle]
) -> Iterator[tuple[Rectangle, NDArray[Any]]]:
    """Windows of the mosaic with their pixels (band, y, x)."""
    empty = 0 if bands[0].nodata is None else bands[0].nodata
    for window in wanted:
        yield window, read_together(headers, plan, window, bands, empty=empty, dtype=bands[0].dtype)


def _observed(
    painted: Iterable[tuple[Rectangle, NDArray[Any]]],
    tallies: Sequence[Tally],
    *,
    total: int,
    progress: Progress | None,
) -> Iterator[tuple[Rectangle, NDArray[Any]]]:
    """The same windows, counted as they pass."""
    for done, (window, pixels) in enumerate(painted, start=1):
        for tally, stored in zip(tallies, pixels, strict=True):
            tally.add(stored)
        yield window, pixels
        if progress is not None:
            progress(done, total)


def _windows(spec: CogSpec, max_memory_mb: int) -> list[Rectangle]:
    """Windows of whole blocks that take about an eighth of the memory each: copies and masks need the rest."""
    height, width = spec.geobox.shape
    pixel_bytes = len(spec.bands) * np.dtype(spec.bands[0].dtype).itemsize
    blocks = max(1, max_memory_mb * 2**20 // 8 // pixel_bytes // BLOCK**2)
    across = min(blocks, -(-width // BLOCK))
    return list(windows(height=height, width=width, rows=blocks // across * BLOCK, columns=across * BLOCK))


def _check_request(bands: Sequence[BandEncoding], compression: str, *, allow_gaps: bool) -> None:
    if compression not in COMPRESSIONS:
        wanted = ", ".join(COMPRESSIONS)
        raise ProductError(
            f"field compression: expected one of {wanted}, got {compression!r}; lossy codecs are refused"
        )
    if len({(band.dtype, band.nodata is None or repr(float(band.nodata))) for band in bands}) != 1:
        got = ", ".join(f"{band.name}: {band.dtype}, nodata {band.nodata}" for band in bands) or "no band"
        raise ProductError(
            f"field bands: expected one dtype and one nodata for all bands of a mosaic, got {got}; make them equal"
        )
    if allow_gaps and bands[0].nodata is None:
        raise ProductError("field nodata: expected a number to fill gaps with, got none; declare one or forbid gaps")
