"""The images that chips of one area and period are cut from, as `ee.Image`s: numbers, or colours.

What does not belong here: the recipe of a product (`recipes`), and requests (`interactive`).
"""

from dataclasses import dataclass
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product, Visualize
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.interactive.pixels import numbers_everywhere
from eo_pipeline.earth_engine.region_nodes import box_to_come

COLOURS = ("vis-red", "vis-green", "vis-blue")
OPAQUE = "opaque"


@dataclass(frozen=True)
class ChipSource:
    """What chips are cut from.

    Attributes:
        product: whose bands they have.
        area_key: partition key of the area.
        geobox: pixels of the product's lattice that hold all chips.
        period: half-open, UTC.
        native_resolution: metres a pixel of the source; None if unknown.
        one_image: `system:index` of any of the images, so that each chip is made of those near it (`box_to_come`) and
            this one, instead of all; empty for all.
    """

    product: Product
    area_key: str
    geobox: GeoBox
    period: Period
    native_resolution: float | None
    one_image: str = ""

    @property
    def metres(self) -> float | None:
        """A pixel of chips in their own UTM zones; None of those on the product's lattice."""
        return None if self.product.chips is None else self.product.chips.resolution

    @property
    def near(self) -> Any:
        """The `ee.Filter` of images near a chip, and of one more, since nothing can be made of none; None for all."""
        if not self.one_image:
            return None
        return ee.Filter.Or(ee.Filter.bounds(box_to_come()), ee.Filter.eq("system:index", self.one_image))

    @property
    def is_counted(self) -> bool:
        """True if something is masked, so that it is worth counting what."""
        return self.product.mask is not None


def numbers(source: ChipSource, source_image: str = "") -> Any:
    """Bands as an export would store them, a number wherever there is none, then the counts if it is counted.

    Args:
        source: what is cut.
        source_image: Earth Engine id of the only image; empty for the composite of the period.
    """
    stored = _stored(source, source_image, keep_masks=False)
    return _counted(numbers_everywhere(stored, source.product.bands), source, source_image)


def picture(source: ChipSource, look: Visualize, source_image: str = "") -> Any:
    """Bands COLOURS as bytes, masked where one of the visualised bands is.

    Args:
        source: what is cut.
        look: bands, and their colours by physical values.
        source_image: Earth Engine id of the only image; empty for the composite of the period.
    """
    stored = _stored(source, source_image, keep_masks=True)
    encodings = {band.name: band for band in source.product.bands}
    shown = [stored.select([name]) for name in look.bands]
    shown = [
        band if (encoding.scale, encoding.offset) == (1.0, 0.0) else band.multiply(encoding.scale).add(encoding.offset)
        for band, encoding in zip(shown, (encodings[name] for name in look.bands), strict=True)
    ]
    stack = shown[0].addBands(shown[1:]) if len(shown) > 1 else shown[0]
    options: dict[str, Any] = {"palette": look.palette} if look.palette else {"gamma": look.gamma}
    return stack.visualize(bands=look.bands, min=look.min, max=look.max, forceRgbOutput=True, **options)


def picture_numbers(source: ChipSource, look: Visualize, source_image: str = "") -> Any:
    """The same colours, 0 where they are masked, then OPAQUE (1 or 0), then the counts if it is counted."""
    drawn = picture(source, look, source_image)
    opaque = drawn.mask().reduce(ee.Reducer.min()).gt(0).toUint8().rename([OPAQUE])
    return _counted(drawn.unmask(0, False).toUint8().addBands(opaque), source, source_image)


def _stored(source: ChipSource, source_image: str, *, keep_masks: bool) -> Any:
    return recipes.image(
        source.product,
        area_key=source.area_key,
        geobox=source.geobox,
        period=source.period,
        native_resolution=source.native_resolution,
        keep_masks=keep_masks,
        source_image=source_image,
        metres=source.metres,
        near=None if source_image else source.near,
    )


def _counted(image: Any, source: ChipSource, source_image: str) -> Any:
    if not source.is_counted:
        return image
    return image.addBands(
        recipes.counts(
            source.product,
            geobox=source.geobox,
            period=source.period,
            native_resolution=source.native_resolution,
            source_image=source_image,
            metres=source.metres,
            near=None if source_image else source.near,
        )
    )
