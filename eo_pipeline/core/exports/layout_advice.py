"""Whether a product's layout makes sense as batch tasks, in words with numbers.

What does not belong here: what it costs (`core.estimates`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.exports.export_plan import tile_count
from eo_pipeline.core.grids import Lattice
from eo_pipeline.core.requests.pixel_requests import REQUEST_SIDE, fits_interactive, size_of

MANY_AREAS = 100
"""From which tiny batch tasks are absurd: a task waits minutes whatever its size, and 3,000 fill the queue."""

LARGE_PIXELS = 4_000_000_000
"""Of one task, 63,000 a side: beyond it a failure late in the task costs a day, and memory and time limits are near."""

LONG_SECONDS = 5 * 86_400
"""Half of the ten days after which Earth Engine ends a task."""

MANY_TILES = 1_000
"""Files of one export: each is listed, downloaded and verified, and one that fails costs the whole export again."""

MANY_PARTITIONS = 20_000
"""Dagster's pages and ticks become slow beyond it."""

CHIP_SIDE = 1_024
"""Pixels a side up to which an area may be a training sample."""

GRID_TILE = 2_560
"""Pixels a side of the cell that is suggested."""


@dataclass(frozen=True)
class Layout:
    """A product's areas as tasks.

    Attributes:
        lattice: of the product.
        areas: pixels of each that is exported by tasks.
        bands: as they are stored.
        file_dimensions: pixels a side of one exported file.
        max_pixels: Earth Engine refuses an export of more.
        partitions: areas x periods of the whole product.
        measured: True if zones of the areas are measured.
    """

    lattice: Lattice
    areas: Sequence[GeoBox]
    bands: Sequence[BandEncoding]
    file_dimensions: int
    max_pixels: int
    partitions: int
    measured: bool = False


def advise(layout: Layout, *, longest_seconds: float = 0.0) -> list[str]:
    """What to change, most serious first; empty if nothing.

    Areas that are no tasks are left out of the layout: nothing is said of them.

    Args:
        layout: of the product.
        longest_seconds: that one export is expected to run, 0 if unknown.
    """
    if not layout.areas:
        return list(_many(layout))
    return [
        *_refused(layout),
        *_tiny(layout),
        *_large(layout),
        *_long(longest_seconds),
        *_files(layout),
        *_many(layout),
    ]


def _refused(layout: Layout) -> Iterator[str]:
    largest = max(_pixels(area) for area in layout.areas)
    if largest > layout.max_pixels:
        yield (
            f"The largest area has {largest:,} pixels, more than export.max_pixels ({layout.max_pixels:,}): Earth "
            "Engine refuses it. Cut the areas (area.cover with area.tile) or raise export.max_pixels."
        )


def _tiny(layout: Layout) -> Iterator[str]:
    tiny = [area for area in layout.areas if _is_tiny(area, layout.bands)]
    if len(tiny) < MANY_AREAS:
        return
    cells = _cells(layout.lattice, layout.areas, GRID_TILE)
    grid = (
        f"area.cover with tile: {GRID_TILE} makes {cells:,} areas of the same ground, and "
        if cells < len(tiny) / 2
        else ""
    )
    yield (
        f"{len(tiny):,} of {len(layout.areas):,} areas fit in one interactive request (48 MB, {REQUEST_SIDE:,} pixels "
        f"a side), yet each is a batch task in every period: {grid}export.route: interactive needs no queue."
        f"{_pieces(layout, tiny)}"
    )


def _pieces(layout: Layout, tiny: Sequence[GeoBox]) -> str:
    """What these areas may be meant for, if a section of its own makes that."""
    if layout.measured:
        return " If only statistics of them are wanted, `series` does without pixels and without a partition each."
    if all(max(area.shape) <= CHIP_SIDE for area in tiny):
        return " If they are training samples, `chips` cuts thousands of them a partition."
    return ""


def _large(layout: Layout) -> Iterator[str]:
    large = [area for area in layout.areas if LARGE_PIXELS < _pixels(area) <= layout.max_pixels]
    if large:
        largest = max(map(_pixels, large))
        yield (
            f"{len(large):,} of {len(layout.areas):,} areas have more than {LARGE_PIXELS:,} pixels (the largest "
            f"{largest:,}): a task that fails late costs all of it again. Cut them: area.cover with a tile of at most "
            "63,000 pixels."
        )


def _long(seconds: float) -> Iterator[str]:
    if seconds > LONG_SECONDS:
        yield (
            f"One export may run {seconds / 86_400:.1f} days, and Earth Engine ends a task after 10: make the areas or "
            "the periods smaller."
        )


def _files(layout: Layout) -> Iterator[str]:
    most = max(tile_count(area, layout.file_dimensions) for area in layout.areas)
    if most > MANY_TILES:
        yield (
            f"One export becomes up to {most:,} files of {layout.file_dimensions:,} pixels a side: raise "
            "export.file_dimensions or make the areas smaller."
        )


def _many(layout: Layout) -> Iterator[str]:
    if layout.partitions > MANY_PARTITIONS:
        yield (
            f"The product has {layout.partitions:,} partitions; beyond {MANY_PARTITIONS:,} Dagster's pages become "
            "slow: make the areas larger, the periods longer, or split it into products."
        )


def _pixels(area: GeoBox) -> int:
    height, width = area.shape
    return int(height) * int(width)


def _is_tiny(area: GeoBox, bands: Sequence[BandEncoding]) -> bool:
    height, width = area.shape
    return fits_interactive(size_of((height, width), bands)).road == "interactive"


def _cells(lattice: Lattice, areas: Sequence[GeoBox], tile: int) -> int:
    """Grid cells that the areas' windows touch."""
    found: set[tuple[int, int]] = set()
    for area in areas:
        left, bottom, right, top = lattice.window(area)
        columns, rows = range(left // tile, -(-right // tile)), range(bottom // tile, -(-top // tile))
        found |= {(column, row) for column in columns for row in rows}
    return len(found)
