"""Coarse pixels from all the fine pixels below them. What does not belong here: pyramids and interpolation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.lookup import positions
from eo_pipeline.sandbox.graph.pixels import Raster
from eo_pipeline.sandbox.graph.reducers import Reducer, only_numbers

_EDGE = 1e-9


@dataclass(frozen=True)
class Overlaps:
    """Which fine pixels lie in which coarse ones.

    Attributes:
        coarse: number of the coarse pixel (row * width + column) of each overlap, ascending.
        fine: number of the fine pixel of each overlap.
        share: fraction 0..1 of the coarse pixel that the overlap covers.
    """

    coarse: np.ndarray
    fine: np.ndarray
    share: np.ndarray


def overlaps(fine: Grid, coarse: Grid) -> Overlaps:
    """Overlaps of two grids: exact areas where both are upright in one CRS, else by the fine pixels' centres."""
    if fine.crs == coarse.crs and fine.is_upright and coarse.is_upright:
        return _exact(fine, coarse)
    return _by_centres(fine, coarse)


def _exact(fine: Grid, coarse: Grid) -> Overlaps:
    step = ~coarse.affine @ fine.affine
    c_coarse, c_fine, c_share = _along(step.c, step.a, fine.width, coarse.width)
    r_coarse, r_fine, r_share = _along(step.f, step.e, fine.height, coarse.height)
    numbers = r_coarse[:, None] * coarse.width + c_coarse[None, :]
    cells = r_fine[:, None] * fine.width + c_fine[None, :]
    return _sorted(numbers.ravel(), cells.ravel(), (r_share[:, None] * c_share[None, :]).ravel())


def _along(start: float, step: float, fine: int, coarse: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Overlaps along one axis: coarse place, fine place, share of the coarse pixel."""
    edges = start + step * np.arange(fine + 1)
    low, high = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    first = np.floor(low + _EDGE).astype(np.int64)
    reach = int(np.ceil(abs(step))) + 1
    places, cells, shares = [], [], []
    for offset in range(reach):
        place = first + offset
        share = np.minimum(high, place + 1) - np.maximum(low, place)
        real = (share > _EDGE) & (place >= 0) & (place < coarse)
        places.append(place[real])
        cells.append(np.flatnonzero(real))
        shares.append(share[real])
    return np.concatenate(places), np.concatenate(cells), np.concatenate(shares)


def _by_centres(fine: Grid, coarse: Grid) -> Overlaps:
    columns, rows = np.broadcast_arrays(*positions(fine, coarse.projection))
    c, r = np.floor(columns + _EDGE).astype(np.int64), np.floor(rows + _EDGE).astype(np.int64)
    inside = ((c >= 0) & (c < coarse.width) & (r >= 0) & (r < coarse.height)).ravel()
    numbers = (r * coarse.width + c).ravel()[inside]
    members = np.bincount(numbers, minlength=coarse.width * coarse.height)
    return _sorted(numbers, np.flatnonzero(inside), 1 / members[numbers])


def _sorted(coarse: np.ndarray, fine: np.ndarray, share: np.ndarray) -> Overlaps:
    order = np.argsort(coarse, kind="stable")
    return Overlaps(coarse[order], fine[order], share[order])


def aggregate(reducer: Reducer, rasters: Sequence[Raster], found: Overlaps, coarse: Grid) -> Raster:
    """A reducer over the fine pixels of each coarse one.

    Args:
        reducer: what to compute; weights are mask times share.
        rasters: fine pixels, one for each input.
        found: which fine pixels lie where.
        coarse: the grid of the result.

    Returns:
        Layers (output, row, column); the mask is the valid fraction of each pixel's area.
    """
    valid = np.minimum.reduce([raster.mask.ravel()[found.fine].astype(np.float64) for raster in rasters])
    samples = [raster.data.ravel()[found.fine] for raster in rasters]
    return run_on_places(reducer, samples, valid * found.share, found.coarse, coarse)


def run_on_places(
    reducer: Reducer, samples: Sequence[np.ndarray], weights: np.ndarray, places: np.ndarray, grid: Grid
) -> Raster:
    """A reducer over samples that belong to pixels, any number to each.

    Args:
        reducer: what to compute.
        samples: one array (sample) for each input.
        weights: (sample) 0..1.
        places: (sample) number of the pixel (row * width + column), ascending.
        grid: the pixels.

    Returns:
        Layers (output, row, column); the mask is the sum of the weights, at most 1.
    """
    total = grid.width * grid.height
    members = np.bincount(places, minlength=total)
    starts = np.concatenate([[0], np.cumsum(members)[:-1]])
    depth = int(members.max(initial=0)) or 1
    slot = np.arange(len(places)) - starts[places]
    stacks, heavy = [], np.zeros((depth, total))
    for values in samples:
        stack = np.zeros((depth, total), values.dtype)
        stack[slot, places] = values
        stacks.append(stack)
    heavy[slot, places] = weights
    outcomes = reducer.run(stacks, heavy)
    only_numbers(reducer, outcomes)
    fraction = np.minimum(heavy.sum(axis=0), 1).astype(np.float32)
    data = np.stack([np.where(ok, values, 0).astype(np.float64) for values, ok in outcomes])
    mask = np.stack([fraction * ok for _, ok in outcomes])
    return Raster(data.reshape(-1, *grid.shape), mask.reshape(-1, *grid.shape))
