"""Chips around random places of a region. What does not belong here: how places are drawn (`random_points`)."""

import numpy as np
import pandas as pd
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.chips.chip_boxes import Windows
from eo_pipeline.core.chips.found_places import FoundPlaces, texts
from eo_pipeline.core.chips.placing import Cutting, Numbers
from eo_pipeline.core.chips.random_points import BATCH, random_places

_TRIES = 2**19
"""Places drawn at least before a region is given up."""
_TRIES_A_CHIP = 50


def random_chips(region: BaseGeometry, cutting: Cutting, *, count: int, seed: int, area_key: str) -> FoundPlaces:
    """Different chips around places that are uniform over the region's ground.

    A place whose chip does not lie in the region, or was drawn before, is replaced by the next one; asking for more
    chips continues the list.

    Args:
        region: polygon in the product's CRS.
        cutting: how chips are cut.
        count: how many.
        seed: of the product.
        area_key: names the chips, and begins the sequence of places.

    Raises:
        ProductError: a place is too near to a pole for UTM.
    """
    drawn, found = 0, _nothing(cutting)
    for x, y in random_places(region, crs=cutting.lattice.crs, seed=seed, area_key=area_key):
        windows = cutting.windows(x, y)
        found = _first(found, (x, y, windows), cutting.fits(region, windows, x), count)
        drawn += BATCH
        if len(found[0]) == count or drawn >= max(_TRIES, _TRIES_A_CHIP * count):
            break
    x, y, windows = found
    ids = texts([f"{area_key}-{number:06d}" for number in range(len(x))])
    return FoundPlaces(ids, x, y, windows, unplaced=count - len(x))


_Chips = tuple[Numbers, Numbers, Windows]
"""x, y and pixels."""


def _nothing(cutting: Cutting) -> _Chips:
    nowhere = np.zeros(0)
    return nowhere, nowhere, cutting.windows(nowhere, nowhere)


def _first(before: _Chips, more: _Chips, usable: "np.ndarray[tuple[int], np.dtype[np.bool_]]", count: int) -> _Chips:
    """Those before and the usable ones of more, each chip once, at most `count`."""
    chosen = np.flatnonzero(usable)
    x, y = np.concatenate([before[0], more[0][chosen]]), np.concatenate([before[1], more[1][chosen]])
    windows = before[2].followed_by(more[2].only(chosen))
    repeated = pd.DataFrame({"crs": windows.crs, "left": windows.left, "top": windows.top}).duplicated().to_numpy()
    kept = np.flatnonzero(~repeated)[:count]
    return x[kept], y[kept], windows.only(kept)
