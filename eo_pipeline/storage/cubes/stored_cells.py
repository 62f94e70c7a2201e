"""Which chunks of an array are stored: of a cube most cells are not, and those are not worth a request each.

What does not belong here: what they hold.
"""

from collections.abc import AsyncIterator

import numpy as np
import zarr
from icechunk import IcechunkStore
from numpy.typing import NDArray
from zarr.core.sync import sync


def stored_cells(group: zarr.Group, path: str) -> list[tuple[int, ...]]:
    """Indices of the chunks (shards, where there are some) of the array at `path` that are stored, in no order.

    Args:
        group: the root of a cube, in an Icechunk session or in plain Zarr.
        path: of the array, below it.
    """
    store = group.store
    if isinstance(store, IcechunkStore):
        return sync(_collect(store.session.chunk_coordinates(f"/{path}")))
    return sync(_listed(store.list_prefix(f"{group.store_path.path}/{path}/c/".lstrip("/"))))


def stored_mask(group: zarr.Group, path: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """True where a chunk (shard, where there are some) of the array at `path` is stored; `shape` in these."""
    mask = np.zeros(shape, np.bool_)
    for cell in stored_cells(group, path):
        mask[cell] = True
    return mask


async def _collect(coordinates: AsyncIterator[tuple[int, ...]]) -> list[tuple[int, ...]]:
    return [tuple(int(number) for number in cell) async for cell in coordinates]


async def _listed(names: AsyncIterator[str]) -> list[tuple[int, ...]]:
    """Indices from names of Zarr 3's default chunk keys, which end in `c/0/1/2`; a killed writer leaves other names."""
    cells = [name.rpartition("c/")[2].split("/") async for name in names]
    return [tuple(map(int, cell)) for cell in cells if all(number.isdigit() for number in cell)]
