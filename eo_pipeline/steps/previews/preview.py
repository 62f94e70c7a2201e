"""The true pixels of a small window, before any task: the same image that an export would write.

What does not belong here: where the picture goes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core import keys
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.pictures import Panel, Values, count_panel, panels_png, stretch
from eo_pipeline.core.product import Product
from eo_pipeline.core.summaries import BandSummary, Tally
from eo_pipeline.earth_engine import recipes
from eo_pipeline.earth_engine.pixels import compute_pixels
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.steps.exports.plan_export import check_source, read_inputs


@dataclass(frozen=True)
class Preview:
    """A window of a product.

    Attributes:
        geobox: its pixels.
        images: source images of the area and period; None if a recipe of one's own does not list them.
        pixels: stored numbers (y, x) by band; empty without images.
        summaries: of the window's pixels, a band each.
    """

    geobox: GeoBox
    images: int | None
    pixels: Mapping[str, NDArray[Any]]
    summaries: tuple[BandSummary, ...]


def preview(session: Session, product: Product, area: Area, period: Period, *, side: int = 512) -> Preview:
    """Compute the window in the middle of an area.

    Args:
        session: for interactive requests.
        product: checked against its collection first.
        area: of the product.
        period: of the product.
        side: longest side in pixels.

    Raises:
        ProductError: unknown collection, band or property.
        ServiceError: Earth Engine refused.
    """
    resolution = check_source(session, product, area)
    window = middle(area.geobox, side)
    [(_, found)] = read_inputs(session, product, [(area, period)])
    if found.count == 0:
        return Preview(window, 0, {}, ())
    image = recipes.image(product, area_key=area.key, geobox=window, period=period, native_resolution=resolution)
    nodata = product.bands[0].nodata
    pixels = compute_pixels(
        session,
        image,
        window,
        nan_where_masked=nodata is not None and math.isnan(nodata),
        tag=keys.workload_tag(product.name),
    )
    return Preview(window, found.count, pixels, tuple(summary_of(band, pixels[band.name]) for band in product.bands))


def middle(geobox: GeoBox, side: int) -> GeoBox:
    """The window of at most `side` x `side` pixels in the middle of a GeoBox."""
    height, width = geobox.shape
    rows, columns = min(side, height), min(side, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    return geobox[top : top + rows, left : left + columns]


def summary_of(band: BandEncoding, stored: NDArray[Any]) -> BandSummary:
    """What stored numbers (y, x) of a band amount to."""
    tally = Tally(band)
    tally.add(stored)
    return tally.summary()


def preview_picture(found: Preview, product: Product, *, title: str) -> bytes:
    """A PNG of the first band beside the last one (a count, if there is one)."""
    first, last = product.bands[0], product.bands[-1]
    return panels_png(_panel(found, first), _panel(found, last), title=title)


def _panel(found: Preview, band: BandEncoding) -> Panel:
    stored = found.pixels[band.name]
    physical = stored.astype(np.float64) * band.scale + band.offset
    values: Values = np.ma.MaskedArray(physical, mask=~band.is_valid(stored))
    if band.kind == "count":
        return count_panel(values, band.name)
    return Panel(values, band.name, band.units, "viridis", stretch(values, (2.0, 98.0)))
