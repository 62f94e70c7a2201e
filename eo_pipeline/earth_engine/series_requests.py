"""What the service is asked for series of regions: which images and regions there are, and the sums of each pair.

All weights are explicit: every summed band is 0 where a pixel is masked and masked nowhere, so that a sum's weight is
the pixel's share inside the region alone (guide "Reduce Region", pixels in the region). Counts and order statistics
come from reducers that take pixels by their centre and weigh nothing. What does not belong here: how many pairs share
a request (`core.series.batches`), outlines in it (`region_nodes`), and physical values (`core.series.statistics`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product, Series
from eo_pipeline.core.series.columns import measured_bands
from eo_pipeline.core.series.statistics import Sums, Weights, asked_of_service
from eo_pipeline.earth_engine.recipes import image, images, property_filter, rectangle, scene_image
from eo_pipeline.earth_engine.region_nodes import REGION
from eo_pipeline.errors import ProductError, ServiceError

_IMAGE, _WHOLE = "i", "t"
"""Properties of a reply: which image, and the weights of all pixels of the region."""

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


def listed_images(reduction: Reduction) -> Any:
    """`ee.Dictionary` {index: [...], time_start: [...]} of the source's images around the regions."""
    found = images(reduction.product, reduction.geobox, reduction.period)
    return ee.Dictionary(
        {"index": found.aggregate_array("system:index"), "time_start": found.aggregate_array("system:time_start")}
    )


def listed_regions(series: Series, geobox: GeoBox) -> Any:
    """`ee.FeatureCollection` of the asset's regions around a grid, in place of their outlines: what batches need.

    Its geometries are the centroids; properties are id, names `n0`, `n1`, .., `area` in square metres, and `bounds`,
    the ring of the bounding box in degrees.
    """

    def told(feature: Any) -> Any:
        outline = ee.Feature(feature).geometry()
        names = {f"n{number}": feature.get(name) for number, name in enumerate(series.names)}
        facts = {"id": feature.get(series.id), "area": outline.area(1), "bounds": outline.bounds(1).coordinates()}
        return ee.Feature(outline.centroid(1), {**facts, **names})

    return _asset(series).filterBounds(rectangle(geobox)).map(told)


def outlines_of_asset(series: Series, ids: Sequence[str | int]) -> Any:
    """`ee.FeatureCollection` of an asset's regions by id, with the declared edges, whatever the asset says."""
    geodesic = series.edges == "geodesic"

    def edged(feature: Any) -> Any:
        outline = ee.Feature(feature).geometry()
        single = outline.type().equals("Polygon")
        polygons = ee.List(ee.Algorithms.If(single, [outline.coordinates()], outline.coordinates()))
        shape = ee.Geometry.MultiPolygon(polygons, "EPSG:4326", geodesic)
        return ee.Feature(shape, {REGION: ee.Feature(feature).get(series.id)})

    return _asset(series).filter(ee.Filter.inList(series.id, list(ids))).map(edged)


def rows_of_images(reduction: Reduction, regions: Any, indices: Sequence[str]) -> Any:
    """`ee.FeatureCollection` without shapes: the sums of each image and each region that its footprint touches."""
    source = reduction.product.source
    if source is None:
        raise ProductError("series.of: expected `source` beside images, got none; its images cannot be listed")
    scenes = ee.ImageCollection.fromImages(
        [ee.Image(f"{source.collection}/{index}").set(_IMAGE, number) for number, index in enumerate(indices)]
    )

    def rows(scene: Any) -> Any:
        scene = ee.Image(scene)
        picture = scene_image(
            reduction.product, scene, geobox=reduction.geobox, native_resolution=reduction.native_resolution
        )
        found = _reduced(picture, regions.filterBounds(scene.geometry()), reduction)
        return found.map(lambda row: ee.Feature(row).setGeometry(None).set(_IMAGE, scene.get(_IMAGE)))

    return ee.FeatureCollection(scenes.map(rows)).flatten()


def rows_of_period(reduction: Reduction, regions: Any) -> Any:
    """`ee.FeatureCollection` without shapes: the sums of the period's composite over each region."""
    picture = image(
        reduction.product,
        area_key=reduction.area_key,
        geobox=reduction.geobox,
        period=reduction.period,
        native_resolution=reduction.native_resolution,
        keep_masks=True,
    )
    return _reduced(picture, regions, reduction).map(lambda row: ee.Feature(row).setGeometry(None))


def read_rows(features: Iterable[Mapping[str, Any]], reduction: Reduction) -> list[Row]:
    """The rows of a reply, in its order.

    Raises:
        ServiceError: pixels were not taken as `weights: none` says.
    """
    return [_row(feature["properties"], reduction) for feature in features]


def _asset(series: Series) -> Any:
    found = ee.FeatureCollection(series.asset)
    for name, condition in series.where.items():
        found = found.filter(property_filter(name, condition))
    return found


def _reduced(picture: Any, regions: Any, reduction: Reduction) -> Any:
    """The regions with every sum, count and order statistic as a property."""
    bands, statistics = reduction.bands, reduction.series.statistics
    grid = {"crs": str(reduction.geobox.crs), "crsTransform": list(reduction.geobox.affine)[:6]}
    values = picture.select([band.name for band in bands])
    sums = _summed(values, len(bands), statistics, reduction.series.weights)
    reducer = ee.Reducer.sum()
    if reduction.series.weights == "none":
        reducer = reducer.unweighted()
    weighed = sums.reduceRegions(collection=regions, reducer=reducer, **grid)
    counted = values.rename([f"v{number}" for number in range(len(bands))])
    counting = _counting(asked_of_service(statistics, bands))
    return counted.reduceRegions(collection=weighed, reducer=counting, **grid)


def _summed(values: Any, count: int, statistics: Sequence[str], weights: Weights) -> Any:
    """Bands that are masked nowhere: all weights, those of valid pixels, and their products with values.

    Averaged pixels and those of pyramids have masks between 0 and 1, which would be weights: they count as valid, as an
    export writes them.
    """
    weight = ee.Image.pixelArea() if weights == "area" else ee.Image.constant(1).toDouble()
    seen = values.mask().gt(0)
    valid = seen.toDouble().multiply(weight)
    stored = values.mask(seen).unmask(0, False).toDouble()
    bands = weight.rename([_WHOLE]).addBands(valid.rename(_named("w", count)))
    if {"mean", "sum", "std"} & set(statistics):
        first = valid.multiply(stored)
        bands = bands.addBands(first.rename(_named("s", count)))
        if "std" in statistics:
            bands = bands.addBands(first.multiply(stored).rename(_named("q", count)))
    return bands


def _counting(ordered: Sequence[str]) -> Any:
    reducer = ee.Reducer.count()
    percentiles = [int(name[1:]) for name in ordered if name.startswith("p")]
    plain = [getattr(ee.Reducer, name)() for name in ordered if not name.startswith("p")]
    for one in [*plain, *([ee.Reducer.percentile(percentiles)] if percentiles else [])]:
        reducer = reducer.combine(one, sharedInputs=True)
    return reducer


def _named(letter: str, count: int) -> list[str]:
    return [f"{letter}{number}" for number in range(count)]


def _row(told: Mapping[str, Any], reduction: Reduction) -> Row:
    ordered = asked_of_service(reduction.series.statistics, reduction.bands)
    several = len(reduction.bands) > 1
    found = []
    for number in range(len(reduction.bands)):
        # Outputs are named BAND_OUTPUT, without the band if there is one, and without the output if there is one.
        band = f"v{number}"
        names = {out: (f"{band}_{out}" if several else out) for out in ordered}
        count = (f"{band}_count" if ordered else band) if several else "count"
        found.append(
            Sums(
                whole=float(told.get(_WHOLE) or 0),
                valid=float(told.get(f"w{number}") or 0),
                first=float(told.get(f"s{number}") or 0),
                second=float(told.get(f"q{number}") or 0),
                count=int(told.get(count) or 0),
                ordered={out: float(told[name]) for out, name in names.items() if told.get(name) is not None},
            )
        )
    if reduction.series.weights == "none":
        _check_centres(found)
    image_number = told.get(_IMAGE)
    return told[REGION], None if image_number is None else int(image_number), tuple(found)


def _check_centres(found: Iterable[Sums]) -> None:
    """An unweighted sum takes the same pixels as a count, or it is not what `weights: none` promises."""
    for sums in found:
        if round(sums.valid) != sums.count:
            raise ServiceError(
                f"Earth Engine: expected an unweighted sum over the {sums.count} pixels whose centre is inside, got "
                f"{round(sums.valid)}; write series.weights: pixel"
            )
