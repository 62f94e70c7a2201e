"""What sums over regions are made of, whoever asks for them: bands to sum, reducers together, names of bands.

All weights are explicit: every summed band is 0 where a pixel is masked and masked nowhere, so that a sum's weight is
the pixel's share inside the region alone (guide "Reduce Region", pixels in the region). What does not belong here:
which reducers are asked for, and replies (`series.series_sums`, `zones.zone_sums`).
"""

from collections.abc import Sequence
from typing import Any

import ee

from eo_pipeline.core.series.statistics import Weights
from eo_pipeline.errors import ServiceError

WHOLE = "t"
"""Band of the weights of all pixels of a region."""


def together(reducers: Sequence[Any]) -> Any:
    """Several reducers over the same pixels as one."""
    made = reducers[0]
    for one in reducers[1:]:
        made = made.combine(one, sharedInputs=True)
    return made


def usable(values: Any) -> Any:
    """Where a pixel has a value.

    Averaged pixels and those of pyramids have masks between 0 and 1, which would be weights: they count as valid, as an
    export writes them.
    """
    return values.mask().gt(0)


def summed(values: Any, count: int, weights: Weights, *, powers: int) -> Any:
    """Bands that are masked nowhere: all weights WHOLE, those of usable pixels `w`, and their products with values.

    Args:
        values: an image of `count` bands.
        count: of bands.
        weights: `area` for square metres; else each pixel weighs 1.
        powers: 0 for weights alone, 1 also with values `s`, 2 also with squares of values `q`.
    """
    weight = ee.Image.pixelArea() if weights == "area" else ee.Image.constant(1).toDouble()
    seen = usable(values)
    valid = seen.toDouble().multiply(weight)
    stored = values.mask(seen).unmask(0, False).toDouble()
    bands = weight.rename([WHOLE]).addBands(valid.rename(numbered("w", count)))
    if powers:
        first = valid.multiply(stored)
        bands = bands.addBands(first.rename(numbered("s", count)))
        if powers > 1:
            bands = bands.addBands(first.multiply(stored).rename(numbered("q", count)))
    return bands


def numbered(letter: str, count: int) -> list[str]:
    """Names of so many bands."""
    return [f"{letter}{number}" for number in range(count)]


def check_centres(valid: float, count: int, *, advice: str) -> None:
    """An unweighted sum takes the same pixels as a count.

    Raises:
        ServiceError: it took others.
    """
    if round(valid) != count:
        raise ServiceError(
            f"Earth Engine: expected an unweighted sum over the {count} pixels whose centre is inside, got "
            f"{round(valid)}; {advice}"
        )
