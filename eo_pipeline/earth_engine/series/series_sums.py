"""Sums, counts and order statistics of regions over one image: what the service computes, and its reply as values.

Counts and order statistics come from reducers that take pixels by their centre and weigh nothing. What does not belong
here: what is summed (`region_sums`), and physical values (`core.series.statistics`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product, Series
from eo_pipeline.core.series.columns import measured_bands
from eo_pipeline.core.series.statistics import Sums, asked_of_service
from eo_pipeline.earth_engine.region_nodes import REGION
from eo_pipeline.earth_engine.region_sums import WHOLE, check_centres, numbered, summed, together

IMAGE = "i"
"""Property of a reply that says which image."""

_CHEAP = ("min", "max")
"""Order statistics that are taken together with sums."""

Row = tuple[Any, int | None, tuple[Sums, ...]]
"""Region as it was named in the request, number of the image or None, and the sums of each band in order."""


@dataclass(frozen=True)
class Reduction:
    """What is measured of one partition.

    Attributes:
        product: with a series.
        series: of the product.
        area_key: given to a person's own recipe.
        geobox: holds the area and all its regions; its pixels are the product's.
        period: half-open, UTC.
        native_resolution: metres a pixel of the source; None if unknown.
    """

    product: Product
    series: Series
    area_key: str
    geobox: GeoBox
    period: Period
    native_resolution: float | None

    @property
    def bands(self) -> tuple[BandEncoding, ...]:
        """The bands that are measured, in order."""
        return measured_bands(self.product)


def reduced(picture: Any, regions: Any, reduction: Reduction) -> Any:
    """The regions with every sum, count and order statistic as a property.

    One look at the pixels gives all but medians and percentiles, which cost too much to be taken of every summed band.
    """
    bands, series = reduction.bands, reduction.series
    grid = {"crs": str(reduction.geobox.crs), "crsTransform": list(reduction.geobox.affine)[:6]}
    values = picture.select([band.name for band in bands])
    counted = values.rename(numbered("v", len(bands)))
    cheap, costly = _orders(reduction)
    total = ee.Reducer.sum().unweighted() if series.weights == "none" else ee.Reducer.sum()
    powers = 2 if "std" in series.statistics else int(bool({"mean", "sum"} & set(series.statistics)))
    sums = summed(values, len(bands), series.weights, powers=powers).addBands(counted)
    found = sums.reduceRegions(collection=regions, reducer=together([total, *cheap]), **grid)
    return counted.reduceRegions(collection=found, reducer=together(costly), **grid) if costly else found


def _orders(reduction: Reduction) -> tuple[list[Any], list[Any]]:
    """Reducers of the first and of the second look; of the second there may be none."""
    ordered = asked_of_service(reduction.series.statistics, reduction.bands)
    cheap = [ee.Reducer.count(), *(getattr(ee.Reducer, name)() for name in ordered if name in _CHEAP)]
    percentiles = [int(name[1:]) for name in ordered if name.startswith("p")]
    costly = [ee.Reducer.median()] if "median" in ordered else []
    return cheap, [*costly, *([ee.Reducer.percentile(percentiles)] if percentiles else [])]


def read_rows(features: Iterable[Mapping[str, Any]], reduction: Reduction) -> list[Row]:
    """The rows of a reply, in its order.

    Raises:
        ServiceError: pixels were not taken as `weights: none` says.
    """
    return [_row(feature["properties"], reduction) for feature in features]


def _row(told: Mapping[str, Any], reduction: Reduction) -> Row:
    def number(name: str) -> float:
        return float(told.get(f"{name}_sum") or 0)

    found = [
        Sums(
            whole=number(WHOLE),
            valid=number(f"w{band}"),
            first=number(f"s{band}"),
            second=number(f"q{band}"),
            count=int(told.get(f"v{band}_count") or 0),
            ordered={out: float(told[n]) for out, n in _properties(reduction, band).items() if told.get(n) is not None},
        )
        for band in range(len(reduction.bands))
    ]
    if reduction.series.weights == "none":
        for sums in found:
            check_centres(sums.valid, sums.count, advice="write series.weights: pixel")
    image_number = told.get(IMAGE)
    return told[REGION], None if image_number is None else int(image_number), tuple(found)


def _properties(reduction: Reduction, band: int) -> dict[str, str]:
    """Under which property the service tells each order statistic of a band.

    Outputs are named BAND_OUTPUT; OUTPUT of an image of one band; BAND if there is one output.
    """
    ordered = asked_of_service(reduction.series.statistics, reduction.bands)
    costly = [name for name in ordered if name not in _CHEAP]
    named = {name: f"v{band}_{name}" for name in ordered}
    if len(reduction.bands) == 1:
        return named | {name: name for name in costly}
    return named | ({costly[0]: f"v{band}"} if len(costly) == 1 else {})
