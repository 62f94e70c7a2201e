"""Which pixels every zone of a measurement holds, block by block, computed or taken from an earlier measurement.

Does not belong here: the file that keeps them (see coverage_cache), and pixels' numbers.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.zonal.blocks import Block, plan_blocks
from eo_pipeline.core.zonal.buffers import shrunk
from eo_pipeline.core.zonal.rules import pixels_of
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import ZonesError
from eo_pipeline.steps.zones.coverage_cache import coverage_folder, open_coverage
from eo_pipeline.steps.zones.engine import RunsOf
from eo_pipeline.steps.zones.ground import Ground
from eo_pipeline.steps.zones.placing import placed_zones

VERSION = 1
"""Of what is kept; counts up when the same key would give other pixels."""


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


def coverage_of(zones: Zones, ground: Ground, wanted: Wanted) -> Coverage:
    """Compute the pixels of zones as they are asked for.

    Raises:
        ZonesError: no zone touches any area, or the inner buffer leaves nothing of any.
    """
    shapes = shapes_of(zones, ground, wanted)
    pixels = pixels_of(wanted.rule, wanted.kind, shapes, ground.grid)
    rows, columns = ground.block_shape
    blocks = plan_blocks(pixels.windows, rows=rows, columns=columns)
    there = ~shapely.is_empty(np.array(shapes, dtype=object))
    return Coverage(blocks, there, lambda _, block: pixels.runs(block), kept=False)


def shapes_of(zones: Zones, ground: Ground, wanted: Wanted) -> tuple[BaseGeometry, ...]:
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
    return placed_zones(zones, geometries, ground.grid, ground.extent)


def kept_coverage(folder: Path, key: str) -> Coverage | None:
    """The coverage that was kept under exactly this key, if it was."""
    kept = open_coverage(coverage_folder(folder, key), key)
    if kept is None:
        return None
    return Coverage(kept.blocks, kept.there, lambda number, _: kept.runs(number), kept=True)


def coverage_key(zones: Zones, ground: Ground, wanted: Wanted) -> str | None:
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
            "grid": [str(ground.grid.crs), *map(float.hex, tuple(ground.grid.affine)[:6]), *ground.grid.shape],
            "extent": hashlib.sha256(shapely.normalize(ground.extent).wkb).hexdigest(),
            "blocks": ground.block_shape,
        },
        sort_keys=True,
    )
