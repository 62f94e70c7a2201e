"""Columns of a table of series: names, meanings and units.

What does not belong here: values (`statistics`), and how a table becomes a file.
"""

from collections.abc import Iterator, Mapping, Sequence

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.product import Product, Series
from eo_pipeline.core.series.statistics import FROM_SUMS, Weights
from eo_pipeline.core.tables import Column
from eo_pipeline.errors import ProductError

VALID_FRACTION = "valid_fraction"

_WEIGHED: Mapping[Weights, str] = {
    "area": "each by its ground area inside the region",
    "pixel": "each by its share inside the region",
    "none": "those whose centre is inside the region, each counting once",
}
_CENTRES = "valid pixels whose centre is inside the region"
_MEANINGS = {"mean": "mean", "std": "standard deviation (population)", "sum": "sum"}
_ORDERED = {"min": "smallest value", "max": "largest value", "median": "median"}


def measured_bands(product: Product) -> tuple[BandEncoding, ...]:
    """The bands that a product's series tell of, in order: its values, without counts of images."""
    return tuple(band for band in product.bands if band.name in product.value_names)


def series_columns(series: Series, bands: Sequence[BandEncoding]) -> tuple[Column, ...]:
    """The schema of a product's table, in column order.

    Of a band: its statistics in the declared order, then always the count and the valid fraction.

    Args:
        series: as declared.
        bands: that are measured.

    Raises:
        ProductError: two columns would have one name.
    """
    columns = (
        Column(series.id, "as in the regions", "identifies the region; unique among the regions"),
        *(Column(name, "as in the regions", "of the region, repeated") for name in series.names),
        *_time_columns(series),
        *(column for band in bands for column in _band_columns(band, series)),
    )
    names = [column.name for column in columns]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ProductError(
            f"series: expected different column names, got {', '.join(repeated)} twice; rename the regions' column or "
            "the band"
        )
    return columns


def _time_columns(series: Series) -> Iterator[Column]:
    if series.of == "images":
        yield Column("image", "string", "the source image's system:index")
        yield Column("date", "date", "day on which the source image begins, UTC")
        return
    yield Column("period", "string", "key of the period")
    yield Column("period_start", "date", "first day of the period, UTC")
    yield Column("period_end", "date", "day after the last day of the period, UTC")


def _band_columns(band: BandEncoding, series: Series) -> Iterator[Column]:
    described = f"{band.name} ({band.description})" if band.description else band.name
    for name in _without_count(series.statistics):
        meaning = _meaning(name, series.weights)
        units = _units_of_sum(band.units, series.weights) if name == "sum" else band.units
        yield Column(f"{band.name}_{name}", "double", f"{described}: {meaning}", units)
    yield Column(f"{band.name}_count", "int64", f"{described}: number of {_CENTRES}", "pixels")
    yield Column(
        f"{band.name}_{VALID_FRACTION}",
        "double",
        f"{described}: valid share of the region's pixels, {_WEIGHED[series.weights]}",
    )


def _without_count(statistics: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in statistics if name != "count")


def _meaning(name: str, weights: Weights) -> str:
    if name in FROM_SUMS:
        return f"{_MEANINGS[name]} of the valid pixels, {_WEIGHED[weights]}"
    if name in _ORDERED:
        return f"{_ORDERED[name]} of the {_CENTRES}"
    return f"{name[1:]}th percentile of the {_CENTRES}"


def _units_of_sum(units: str, weights: Weights) -> str:
    return f"{units} m2".strip() if weights == "area" else units
