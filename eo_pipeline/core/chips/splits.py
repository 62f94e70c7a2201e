"""Which part of the data set a place belongs to: neighbours in one square block share a part.

What does not belong here: where places come from.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.chips.seeds import generator

GROUP = 4
"""Blocks a side of a group, within which the shares are met as well as its 16 blocks allow."""


def split_places(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    shares: Mapping[str, float],
    block: float,
    seed: int,
    geographic: bool = False,
) -> NDArray[np.object_]:
    """Names (n,) of the parts that places belong to.

    The part follows from the seed and the place's block alone: neither other places nor other areas change it. The
    16 blocks of a group take 16 equal steps through the shares, in a random order and from a random start.

    Args:
        x: in the product's CRS.
        y: likewise.
        shares: of the parts by name; their sum is 1.
        block: side of a block in CRS units; blocks begin at whole multiples of it.
        seed: of the product.
        geographic: True if x is a longitude, of which whole turns do not matter.
    """
    longitude = (x + 180) % 360 - 180 if geographic else x
    blocks = np.stack([np.floor(longitude / block), np.floor(y / block)], axis=1).astype(np.int64)
    different, of_place = np.unique(blocks, axis=0, return_inverse=True)
    groups, of_block = np.unique(different // GROUP, axis=0, return_inverse=True)
    ranks = np.array([_ranks(seed, column, row) for column, row in groups.tolist()]).reshape(-1, GROUP * GROUP)
    within = different % GROUP
    chance = ranks[of_block.reshape(-1), within[:, 1] * GROUP + within[:, 0]]
    limits = np.cumsum(list(shares.values()))[:-1]
    names = np.array(list(shares), dtype=object)
    found: NDArray[np.object_] = names[np.searchsorted(limits, chance, side="right")][of_place.reshape(-1)]
    return found


def _ranks(seed: int, column: int, row: int) -> NDArray[np.float64]:
    """A number from 0 to 1 for each block of a group, row by row: one in each sixteenth."""
    numbers = generator(seed, "split", column, row)
    return (numbers.permutation(GROUP * GROUP) + numbers.random()) / (GROUP * GROUP)


def met_shares(splits: NDArray[np.object_], shares: Mapping[str, float]) -> dict[str, float]:
    """The share of places that each part got, in the order declared; 0 of none."""
    return {name: float((splits == name).sum()) / max(1, len(splits)) for name in shares}
