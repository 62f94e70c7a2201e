"""The picture that zones are measured on: the images of areas side by side, as their mosaics would lie.

What does not belong here: what is measured of it (`zone_sums`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine.recipes import image, rectangle


@dataclass(frozen=True)
class AreaImages:
    """The images of the areas of one period.

    Attributes:
        product: that they are of.
        period: half-open, UTC.
        areas: grids of those that have images, by key.
        native_resolution: metres a pixel of the source; None if unknown.
    """

    product: Product
    period: Period
    areas: Mapping[str, GeoBox]
    native_resolution: float | None

    def picture(self, keys: tuple[str, ...]) -> Any:
        """`ee.Image` of stored numbers, masked where these areas have none and outside them."""
        if not keys:
            names = [band.name for band in self.product.bands]
            nothing = ee.Image.constant([0] * len(names)).rename(names)
            return nothing.updateMask(ee.Image.constant(0))
        parts = [self._part(key) for key in keys]
        return parts[0] if len(parts) == 1 else ee.ImageCollection.fromImages(parts).mosaic()

    def _part(self, key: str) -> Any:
        made = image(
            self.product,
            area_key=key,
            geobox=self.areas[key],
            period=self.period,
            native_resolution=self.native_resolution,
            keep_masks=True,
        )
        return made.clip(rectangle(self.areas[key]))
