"""Lazy pixels: a graph of nodes that are pulled at a grid. What does not belong here: what a node computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.limits import each, held_bytes, reserve


@dataclass(frozen=True)
class Raster:
    """Computed pixels of one band on one grid.

    Attributes:
        data: values (row, column); meaningless where the mask is 0.
        mask: (row, column), bool or float32 0..1; 0 is invalid.
    """

    data: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True, eq=False)
class Pixels:
    """A node: which pixels it needs for a grid and how it makes its own from them.

    Attributes:
        inputs: the nodes it reads.
        compute: (requested grid, rasters of the inputs in order) -> raster on the requested grid.
        ask: requested grid -> grid on which the inputs are needed; the same grid unless the node looks around itself.
        near: requested grid -> False if it is known that no pixel is valid there; None if nothing is known.
        choose: requested grid -> positions of the inputs that `compute` gets, in order; None for all of them.
    """

    inputs: tuple[Pixels, ...]
    compute: Callable[[Grid, Sequence[Raster]], Raster]
    ask: Callable[[Grid], Grid] = field(default=lambda grid: grid)
    near: Callable[[Grid], bool] | None = None
    choose: Callable[[Grid], Sequence[int]] | None = None


BLOCK_SIDE = 512
"""Pixels a side of the blocks in which large grids are computed: their rasters fit a processor's cache."""

_LEAST_BYTES = 2
"""A pixel and its mask take at least so many bytes."""

_Key = tuple[Pixels, Grid]


def pull_in_blocks(nodes: Sequence[Pixels], grid: Grid) -> list[Raster]:
    """Computes nodes on a grid as `pull` does, block by block where every pixel depends on its own place only.

    Memory is that of the results and of the rasters of one block.
    """
    blocks = _blocks(grid)
    if len(blocks) == 1 or any(at != grid for _, at in _plan([(node, grid) for node in nodes])[0]):
        return pull(nodes, grid)
    reserve(len(nodes) * grid.width * grid.height * _LEAST_BYTES)
    results: list[Raster] = []
    for rows, columns in blocks:
        window = grid.window(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
        parts = pull(nodes, window)
        results = results or [Raster(_like(part.data, grid), _like(part.mask, grid)) for part in parts]
        results = [_laid(result, part, (rows, columns)) for result, part in zip(results, parts, strict=True)]
    return results


def _blocks(grid: Grid) -> list[tuple[slice, slice]]:
    """(rows, columns) of the blocks, row by row."""
    return [
        (slice(row, min(row + BLOCK_SIDE, grid.height)), slice(column, min(column + BLOCK_SIDE, grid.width)))
        for row in range(0, grid.height, BLOCK_SIDE)
        for column in range(0, grid.width, BLOCK_SIDE)
    ]


def _like(part: np.ndarray, grid: Grid) -> np.ndarray:
    return np.empty(grid.shape, part.dtype)


def _laid(result: Raster, part: Raster, at: tuple[slice, slice]) -> Raster:
    """The result with a block laid in; its types widen to those of the block."""
    data = result.data.astype(np.result_type(result.data, part.data), copy=False)
    mask = result.mask.astype(np.result_type(result.mask, part.mask), copy=False)
    data[at], mask[at] = part.data, part.mask
    return Raster(data, mask)


def pull(nodes: Iterable[Pixels], grid: Grid) -> list[Raster]:
    """Computes nodes on a grid; every (node, grid) once, each raster kept only while someone still needs it.

    The walk keeps its own stack, so a chain of any length is safe.
    """
    wanted = [(node, grid) for node in nodes]
    order, readers = _plan(wanted)
    done: dict[_Key, Raster] = {}
    held = 0
    for key in each(order):
        node, at = key
        needs = _needs(key)
        reserve(held + at.width * at.height * _LEAST_BYTES)
        done[key] = node.compute(at, [done[need] for need in needs])
        held += _bytes(done[key])
        for need in needs:
            readers[need] -= 1
            if readers[need] == 0:
                held -= _bytes(done.pop(need))
    return [done[key] for key in wanted]


def _bytes(raster: Raster) -> int:
    return held_bytes(raster.data) + held_bytes(raster.mask)


def _needs(key: _Key) -> list[_Key]:
    node, grid = key
    if not node.inputs:
        return []
    asked = node.ask(grid)
    chosen = node.inputs if node.choose is None else [node.inputs[position] for position in node.choose(grid)]
    return [(source, asked) for source in chosen]


def near_all(nodes: Iterable[Pixels]) -> Callable[[Grid], bool] | None:
    """What is known of where all of some nodes are valid: the first node's answer of those that have one."""
    return next((node.near for node in nodes if node.near is not None), None)


def within_reach(samples: Sequence[Sequence[Pixels]]) -> Callable[[Grid], list[int]]:
    """For a grid the positions of the samples that may be valid there, at least one.

    Args:
        samples: for each sample its nodes; it is valid where all of them are.
    """
    reaches = [near_all(nodes) for nodes in samples]

    def choose(grid: Grid) -> list[int]:
        return [number for number, near in enumerate(reaches) if near is None or near(grid)] or [0]

    return choose


def _plan(wanted: Sequence[_Key]) -> tuple[list[_Key], dict[_Key, int]]:
    """Keys in an order that computes inputs first, and how many readers each has (the caller counts as one)."""
    order: list[_Key] = []
    readers: dict[_Key, int] = {}
    stack: list[tuple[_Key, bool]] = [(key, False) for key in reversed(wanted)]
    for key in wanted:
        readers[key] = readers.get(key, 0) + 1
    entered: set[_Key] = set()
    while stack:
        key, ready = stack.pop()
        if ready:
            order.append(key)
        elif key not in entered:
            entered.add(key)
            stack.append((key, True))
            for need in _needs(key):
                readers[need] = readers.get(need, 0) + 1
                stack.append((need, False))
    return order, readers
