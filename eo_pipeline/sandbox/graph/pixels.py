"""Lazy pixels: a graph of nodes that are pulled at a grid. What does not belong here: what a node computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from eo_pipeline.sandbox.graph.grids import Grid


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
    """

    inputs: tuple[Pixels, ...]
    compute: Callable[[Grid, Sequence[Raster]], Raster]
    ask: Callable[[Grid], Grid] = field(default=lambda grid: grid)


_Key = tuple[Pixels, Grid]


def pull(nodes: Iterable[Pixels], grid: Grid) -> list[Raster]:
    """Computes nodes on a grid; every (node, grid) once, each raster kept only while someone still needs it.

    The walk keeps its own stack, so a chain of any length is safe.
    """
    wanted = [(node, grid) for node in nodes]
    order, readers = _plan(wanted)
    done: dict[_Key, Raster] = {}
    for key in order:
        node, at = key
        needs = _needs(key)
        done[key] = node.compute(at, [done[need] for need in needs])
        for need in needs:
            readers[need] -= 1
            if readers[need] == 0:
                del done[need]
    return [done[key] for key in wanted]


def _needs(key: _Key) -> list[_Key]:
    node, grid = key
    if not node.inputs:
        return []
    asked = node.ask(grid)
    return [(source, asked) for source in node.inputs]


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
