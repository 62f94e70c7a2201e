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
from eo_pipeline.core.mosaics import MosaicPlan, describe_gaps, paint, plan_mosaic, whole_offset
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.core.summaries import BandSummary, Tally
from eo_pipeline.errors import GridMismatchError, ProductError, TilesError
from eo_pipeline.storage.cogs import BLOCK, CogSpec, write_cog
from eo_pipeline.storage.rasters import RasterHeader, read_header, read_pixels

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
        ProductError: bands differ in dtype or nodata, or gaps are allowed without a nodata.
        TilesError: a tile is unreadable or differs from the bands, or tiles leave gaps; lists all.
        GridMismatchError: tiles do not lie on the target's pixels; lists all.
        DiskFullError: no space left.
    """
    _check_bands(bands, allow_gaps=allow_gaps)
    headers = [read_header(tile) for tile in tiles]
    _check_headers(tiles, headers, bands)
    _check_lattice(tiles, headers, target)
    plan = plan_mosaic([header.geobox for header in headers], target)
    if plan.gaps and not allow_gaps:
        raise TilesError(describe_gaps(plan.gaps, target))
    tallies = [Tally(band) for band in bands]
    spec = CogSpec(target, bands, tags, compression, cache_mb=max(16, max_memory_mb // 4))
    wanted = _windows(spec, max_memory_mb)
    painted = _painted(tiles, plan, spec, wanted=wanted)
    size = write_cog(path, spec, _observed(painted, tallies, total=len(wanted), progress=progress))
    gap_pixels = sum(gap.pixels for gap in plan.gaps)
    return MosaicReport(path, size, len(plan.placements), gap_pixels, tuple(tally.summary() for tally in tallies))


def _painted(
    tiles: Sequence[Path], plan: MosaicPlan, spec: CogSpec, *, wanted: Sequence[Rectangle]
) -> Iterator[tuple[Rectangle, NDArray[Any]]]:
    """Windows of the mosaic with their pixels (band, y, x)."""
    for window in wanted:
        yield window, _paint_window(tiles, plan, window, spec.bands)


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


def _paint_window(
    tiles: Sequence[Path], plan: MosaicPlan, window: Rectangle, bands: Sequence[BandEncoding]
) -> NDArray[Any]:
    """Pixels (band, y, x) of one window, painted from the last tile to the first."""
    empty = 0 if bands[0].nodata is None else bands[0].nodata
    pixels = np.full((len(bands), window.height, window.width), empty, dtype=bands[0].dtype)
    for placement in reversed(plan.within(window)):
        source = read_pixels(tiles[placement.tile], placement.source)
        for number, band in enumerate(bands):
            paint(pixels[number][placement.destination.slices], source[number], band)
    return pixels


def _windows(spec: CogSpec, max_memory_mb: int) -> list[Rectangle]:
    """Windows of whole blocks that take about an eighth of the memory each: copies and masks need the rest."""
    height, width = spec.geobox.shape
    pixel_bytes = len(spec.bands) * np.dtype(spec.bands[0].dtype).itemsize
    blocks = max(1, max_memory_mb * 2**20 // 8 // pixel_bytes // BLOCK**2)
    across = min(blocks, -(-width // BLOCK))
    return list(windows(height=height, width=width, rows=blocks // across * BLOCK, columns=across * BLOCK))


def _check_bands(bands: Sequence[BandEncoding], *, allow_gaps: bool) -> None:
    if len({(band.dtype, band.nodata is None or repr(float(band.nodata))) for band in bands}) != 1:
        got = ", ".join(f"{band.name}: {band.dtype}, nodata {band.nodata}" for band in bands) or "no band"
        raise ProductError(
            f"field bands: expected one dtype and one nodata for all bands of a mosaic, got {got}; make them equal"
        )
    if allow_gaps and bands[0].nodata is None:
        raise ProductError("field nodata: expected a number to fill gaps with, got none; declare one or forbid gaps")


def _check_headers(tiles: Sequence[Path], headers: Sequence[RasterHeader], bands: Sequence[BandEncoding]) -> None:
    problems = [
        f"  {tile}: {problem}"
        for tile, header in zip(tiles, headers, strict=True)
        for problem in _differences(header, bands)
    ]
    if problems:
        raise TilesError("expected tiles as the product's bands say, got\n" + "\n".join(problems) + "\nexport again")


def _differences(header: RasterHeader, bands: Sequence[BandEncoding]) -> Iterator[str]:
    names = tuple(band.name for band in bands)
    if header.count != len(bands):
        yield f"{header.count} bands, expected {len(bands)} ({', '.join(names)})"
    elif any(header.band_names) and header.band_names != names:
        yield f"bands {', '.join(header.band_names)}, expected {', '.join(names)}"
    if header.dtype != bands[0].dtype:
        yield f"dtype {header.dtype}, expected {bands[0].dtype}"
    nodata = bands[0].nodata
    if header.nodata is not None and (nodata is None or not np.array_equal(header.nodata, nodata, equal_nan=True)):
        yield f"nodata {header.nodata}, expected {nodata}"


def _check_lattice(tiles: Sequence[Path], headers: Sequence[RasterHeader], target: GeoBox) -> None:
    problems = []
    for tile, header in zip(tiles, headers, strict=True):
        try:
            whole_offset(header.geobox, target)
        except GridMismatchError as error:
            problems.append(f"{tile}: {error}")
    if problems:
        raise GridMismatchError("\n".join(problems))
