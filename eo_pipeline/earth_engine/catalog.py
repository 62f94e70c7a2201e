"""What Earth Engine knows about a collection, compared with what a product asks of it.

What does not belong here: the product's own consistency (`core.product`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core import keys
from eo_pipeline.core.product import Product
from eo_pipeline.earth_engine.recipes import rectangle
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.errors import ProductError, ServiceError


@dataclass(frozen=True)
class CollectionInfo:
    """One image of a collection stands for all.

    Attributes:
        bands: names, in order.
        properties: names of the image's properties.
        resolutions: metres a pixel of each band, in the order of `bands`.
    """

    bands: tuple[str, ...]
    properties: tuple[str, ...]
    resolutions: tuple[float, ...]


def describe(session: Session, product: Product, geobox: GeoBox) -> CollectionInfo | None:
    """Describe the product's collection by its first image over an area since its start; None without one.

    Raises:
        ProductError: the collection does not exist.
    """
    if product.source is None:
        return None
    start = int(product.period.starts_at.timestamp() * 1000)
    images = (
        ee.ImageCollection(product.source.collection).filterDate(start, "2100-01-01").filterBounds(rectangle(geobox))
    )
    image = ee.Image(images.first())
    bands = image.bandNames()
    scales = bands.map(lambda name: image.select([name]).projection().nominalScale())
    found = ee.List([bands, image.propertyNames(), scales])
    try:
        reply = session.compute(
            ee.Algorithms.If(images.limit(1).size(), found, None), tag=keys.workload_tag(product.name)
        )
    except ServiceError as error:
        if "not found" in str(error):
            raise ProductError(
                f"source.collection: expected an image collection that Earth Engine has, got "
                f"{product.source.collection!r}; correct the id, or ask for access to it"
            ) from error
        raise
    if reply is None:
        return None
    names, properties, resolutions = reply
    return CollectionInfo(tuple(names), tuple(properties), tuple(float(r) for r in resolutions))


def check_product(product: Product, info: CollectionInfo) -> None:
    """Compare the declaration with the collection.

    Raises:
        ProductError: a band or property that the collection does not have, with those it has.
    """
    if product.source is None:
        return
    _check("source.bands", "band", product.source.bands, info.bands)
    _check("source.where", "property", list(product.source.where), info.properties)
    if product.mask is not None and product.mask.quality_band is not None:
        _check("mask", "band", [product.mask.quality_band], info.bands)


def _check(field: str, noun: str, wanted: Sequence[str], there: Sequence[str]) -> None:
    if unknown := [name for name in wanted if name not in there]:
        raise ProductError(
            f"{field}: expected only a {noun} of the collection, got {', '.join(unknown)}; choose among "
            f"{', '.join(there)}"
        )


def native_resolution(product: Product, info: CollectionInfo | None) -> float | None:
    """Metres a pixel at which masks apply: declared, or the finest of the source's bands; None if unknown."""
    if product.source is None:
        return None
    if product.source.native_resolution is not None:
        return product.source.native_resolution
    if info is None:
        return None
    by_band = dict(zip(info.bands, info.resolutions, strict=True))
    return min(by_band[band] for band in product.source.bands)


def image_days(session: Session, product: Product, *, until: datetime) -> list[datetime]:
    """Midnights UTC of the days on which the product's collection has images, from its start, in order."""
    if product.source is None:
        raise ProductError("period.every: expected `source` beside image dates, got only a recipe; name the collection")
    start = product.period.starts_at
    images = ee.ImageCollection(product.source.collection).filterDate(_milliseconds(start), _milliseconds(until))
    times = session.compute(images.aggregate_array("system:time_start"), tag=keys.workload_tag(product.name))
    days = {datetime.fromtimestamp(float(t) / 1000, UTC).date() for t in times}
    return [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in sorted(days)]


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
