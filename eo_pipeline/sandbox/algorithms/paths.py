"""Cheapest ways through pixels. What does not belong here: distances as the crow flies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.ground import pixel_sides
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE
from eo_pipeline.sandbox.graph.pixels import Pixels, Raster
from eo_pipeline.sandbox.graph.registry import Family
from eo_pipeline.sandbox.graph.segments import EIGHT, pairs
from eo_pipeline.sandbox.graph.surroundings import Reach, around

FAMILY = Family()

LONGEST_WAY = 256
"""Moves from pixel to pixel that a way may have."""


@FAMILY.algorithm("Image.cumulativeCost")
def cumulative_cost(cost: Image, source: Image, max_distance: float) -> Image:
    """Band cumulative_cost: what the cheapest way to a source costs; masked where none is near enough.

    A move costs the mean of both pixels times the metres between them. A way has at most as many moves as pixels lie
    within the distance, so that it does not depend on the window asked for.
    """
    function = "Image.cumulativeCost"
    if len(cost.bands) != 1 or len(source.bands) != 1:
        raise ServiceError(f"{function}: The sandbox takes one band of costs and one of sources.")
    if max_distance <= 0:
        raise ServiceError(f"{function}: Expected a positive maxDistance, got {max_distance:g}.")

    def reach(grid: Grid) -> Reach:
        moves = math.ceil(max_distance / grid.projection.nominal_scale())
        if moves > LONGEST_WAY:
            raise ServiceError(f"{function}: A maxDistance of {moves} pixels is more than {LONGEST_WAY}.")
        return around(moves)

    def compute(grid: Grid, rasters: Sequence[Raster]) -> Raster:
        far = reach(grid)
        found = _cheapest(rasters[0], rasters[1], far.grown(grid), far.left)
        data = far.shifted(found, grid, 0, 0)
        known = np.isfinite(data)
        return Raster(np.where(known, data, 0), known)

    nodes = (cost.bands[0].pixels, source.bands[0].pixels)
    band: Band = replace(
        cost.bands[0],
        id="cumulative_cost",
        pixel_type=DOUBLE,
        pixels=Pixels(nodes, compute, lambda grid: reach(grid).grown(grid)),
    )
    return cost.with_bands(band)


def _cheapest(cost: Raster, source: Raster, grid: Grid, moves: int) -> np.ndarray:
    """Costs (row, column) of ways of at most so many moves; infinite where there is none."""
    walkable = (cost.mask > 0) & (cost.data >= 0)
    price = np.where(walkable, cost.data, np.inf).astype(np.float64)
    best = np.where((source.mask > 0) & (source.data != 0) & walkable, 0.0, np.inf)
    width, height = pixel_sides(grid)
    steps = []
    for dx, dy in EIGHT:
        here, there = pairs(grid.shape, dx, dy)
        metres = np.broadcast_to(np.hypot(dx * width, dy * height), grid.shape)[here]
        steps.append((here, there, (price[here] + price[there]) / 2 * metres))
    for _ in each(range(moves)):
        before = best.copy()
        for here, there, toll in steps:
            best[there] = np.minimum(best[there], before[here] + toll)
            best[here] = np.minimum(best[here], before[there] + toll)
        if np.array_equal(before, best):
            break
    return best
