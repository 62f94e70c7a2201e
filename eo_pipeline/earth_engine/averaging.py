"""From native pixels to coarser ones. What does not belong here: which products are coarser (`recipes`)."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import ee

from eo_pipeline.core.product import Product
from eo_pipeline.errors import ProductError

_MAX_REDUCED_PIXELS = 65536
_COARSER = 1.5

Averaging = Callable[[Any, Sequence[str]], Any]
"""Of an `ee.Image` and the names of those of its bands that are classes."""


def averaging(metres: float, native_resolution: float | None, product: Product, found: Any) -> Averaging:
    """Averages native pixels (mode of classes), if a pixel of so many metres is coarser; else changes nothing.

    Args:
        metres: a pixel that will be asked for.
        native_resolution: metres a pixel of the source; None if unknown.
        product: for its band that tells the native pixels.
        found: the `ee.ImageCollection` whose first image has their projection.

    Raises:
        ProductError: a pixel would be made of more native ones than the service takes.
    """
    if native_resolution is None or metres <= native_resolution * _COARSER:
        return lambda picture, _: picture
    pixels = math.ceil((metres / native_resolution + 1) ** 2)
    if pixels > _MAX_REDUCED_PIXELS:
        raise ProductError(
            f"area.resolution: expected at most {math.isqrt(_MAX_REDUCED_PIXELS) - 1} source pixels along one pixel, "
            f"got {metres / native_resolution:.0f} ({metres:.0f} m from {native_resolution:.0f} m); "
            "choose a finer resolution or set source.native_resolution"
        )
    assert product.source is not None  # noqa: S101  # a resolution is only known for a source
    projection = ee.Image(found.first()).select([product.source.bands[0]]).projection()

    def average(picture: Any, classes: Sequence[str]) -> Any:
        native = picture.setDefaultProjection(projection)
        mean = native.reduceResolution(ee.Reducer.mean(), False, pixels)
        if classes:
            mode = native.select(list(classes)).reduceResolution(ee.Reducer.mode(), False, pixels)
            mean = mean.addBands(mode, None, True)
        return mean

    return average
