"""Which pixels every zone of a measurement holds, block by block, computed or taken from an earlier measurement.

Does not belong here: the file that keeps them (see coverage_cache), and pixels' numbers.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.kernels.records import Runs
from eo_pipeline.core.zonal.blocks import Block, plan_blocks
from eo_pipeline.core.zonal.buffers import shrunk
from eo_pipeline.core.zonal.rules import pixels_of
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import ZonesError
from eo_pipeline.steps.zones.coverage_cache import coverage_folder, open_coverage, written_coverage
from eo_pipeline.steps.zones.engine import RunsOf
from eo_pipeline.steps.zones.placing import placed_zones

VERSION = 1
"""Of what is kept; counts up when the same key would give other pixels."""


class Place(Protocol):
    """Where zones are measured."""

    @property
    def grid(self) -> GeoBox:
        """Whose pixels are measured."""

    @property
    def extent(self) -> BaseGeometry:
        """What is measured, in the grid's CRS; zones beyond it are elsewhere."""

    @property
    def block_shape(self) -> tuple[int, int]:
        """Rows and columns of the blocks that are read at once."""


@dataclass(frozen=True)
class Coverage:
    """The pixels of zones on one grid.

    Attributes:
        blocks: in which they lie, in the order of reading.
        there: (zone,) True where a zone touches the grid's areas.
        runs_of: the pixels of a block.
        kept: whether they come from an earlier measurement.
    """

    blocks: tuple[Block, ...]
    there: NDArray[np.bool_]
    runs_of: RunsOf
    kept: bool


def coverage_of(zones: Zones, place: Place, wanted: Wanted) -> Coverage:
    """Compute the pixels of zones as they are asked for.

    Raises:
        ZonesError: no zone touches any area, or the inner buffer leaves nothing of any.
    """
    shapes = shapes_of(zones, place, wanted)
    pixels = pixels_of(wanted.rule, wanted.kind, shapes, place.grid)
    rows, columns = place.block_shape
    blocks = plan_blocks(pixels.windows, rows=rows, columns=columns)
    there = ~shapely.is_empty(np.array(shapes, dtype=object))
    return Coverage(blocks, there, lambda _, block: pixels.runs(block), kept=False)


def shapes_of(zones: Zones, place: Place, wanted: Wanted) -> tuple[BaseGeometry, ...]:
    """What counts of zones in the CRS of the grid, in order; an empty polygon where one does not touch it.

    Raises:
        ZonesError: no zone touches any area, or the inner buffer leaves nothing of any.
    """
    geometries = zones.geometries
    if wanted.inner_buffer:
        geometries = shrunk(geometries, zones.crs, metres=wanted.inner_buffer)
        if geometries and all(shape.is_empty for shape in geometries):
            raise ZonesError(
                f"{zones.source}: expected zones wider than twice inner_buffer, got none that is left "
                f"{wanted.inner_buffer:g} m within its edges; make it smaller"
            )
    return placed_zones(zones, geometries, place.grid, place.extent)


def kept_coverage(folder: Path, key: str) -> Coverage | None:
    """The coverage that was kept under exactly this key, if it was."""
    kept = open_coverage(coverage_folder(folder, key), key)
    if kept is None:
        return None
    return Coverage(kept.blocks, kept.there, lambda number, _: kept.runs(number), kept=True)


@contextmanager
def covered(
    zones: Zones, place: Place, wanted: Wanted, folder: Path | None, key: str | None
) -> Iterator[tuple[Coverage, Callable[[Runs], None] | None]]:
    """The zones' pixels, kept from an earlier date if they may be, and who takes those of every block to keep them.

    Args:
        zones: that are measured.
        place: where.
        wanted: by which rule.
        folder: that keeps them; None if they are not kept.
        key: under which they are kept; None if they are not.

    Raises:
        ZonesError: no zone touches the place, or the inner buffer leaves nothing of any.
        DiskFullError: there is no room to keep them.
    """
    if folder is None or key is None:
        yield coverage_of(zones, place, wanted), None
    elif (kept := kept_coverage(folder, key)) is not None:
        yield kept, None
    else:
        made = coverage_of(zones, place, wanted)
        with written_coverage(coverage_folder(folder, key), key, made.blocks, made.there) as writer:
            yield made, writer.add


def coverage_key(zones: Zones, place: Place, wanted: Wanted) -> str | None:
    """What decides about the pixels of zones, as text; None of zones that come from no file."""
    if not zones.checksum:
        return None
    ids = hashlib.sha256(json.dumps(zones.ids).encode()).hexdigest()
    return json.dumps(
        {
            "version": VERSION,
            "zones": zones.checksum,
            "ids": ids,
            "crs": str(zones.crs),
            "kind": wanted.kind,
            "rule": wanted.rule,
            "inner_buffer": wanted.inner_buffer,
            "grid": [str(place.grid.crs), *map(float.hex, tuple(place.grid.affine)[:6]), *place.grid.shape],
            "extent": hashlib.sha256(shapely.normalize(place.extent).wkb).hexdigest(),
            "blocks": place.block_shape,
        },
        sort_keys=True,
    )
