"""What the service is asked for series of regions: which images and regions there are, and each pair of them.

What does not belong here: how many pairs share a request (`core.requests.region_batches`), outlines in it
(`region_nodes`), and what is computed of a pair (`series_sums`).
"""

from collections.abc import Sequence
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.product import Series
from eo_pipeline.earth_engine.recipes import image, images, rectangle, scene_image
from eo_pipeline.earth_engine.region_nodes import REGION
from eo_pipeline.earth_engine.series.series_sums import IMAGE, Reduction, reduced
from eo_pipeline.earth_engine.table_features import table
from eo_pipeline.errors import ProductError


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

    return table(str(series.asset), series.where).filterBounds(rectangle(geobox)).map(told)


def outlines_of_asset(series: Series, ids: Sequence[str | int]) -> Any:
    """`ee.FeatureCollection` of an asset's regions by id, with the declared edges, whatever the asset says."""
    geodesic = series.edges == "geodesic"

    def edged(feature: Any) -> Any:
        outline = ee.Feature(feature).geometry()
        single = outline.type().equals("Polygon")
        polygons = ee.List(ee.Algorithms.If(single, [outline.coordinates()], outline.coordinates()))
        shape = ee.Geometry.MultiPolygon(polygons, "EPSG:4326", geodesic)
        return ee.Feature(shape, {REGION: ee.Feature(feature).get(series.id)})

    return table(str(series.asset), series.where).filter(ee.Filter.inList(series.id, list(ids))).map(edged)


def rows_of_images(reduction: Reduction, regions: Any, indices: Sequence[str]) -> Any:
    """`ee.FeatureCollection` without shapes: the sums of each image and each region that its footprint touches."""
    source = reduction.product.source
    if source is None:
        raise ProductError("series.of: expected `source` beside images, got none; its images cannot be listed")
    scenes = ee.ImageCollection.fromImages(
        [ee.Image(f"{source.collection}/{index}").set(IMAGE, number) for number, index in enumerate(indices)]
    )

    def rows(scene: Any) -> Any:
        scene = ee.Image(scene)
        picture = scene_image(
            reduction.product, scene, geobox=reduction.geobox, native_resolution=reduction.native_resolution
        )
        found = reduced(picture, regions.filterBounds(scene.geometry()), reduction)
        return found.map(lambda row: ee.Feature(row).setGeometry(None).set(IMAGE, scene.get(IMAGE)))

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
    return reduced(picture, regions, reduction).map(lambda row: ee.Feature(row).setGeometry(None))
