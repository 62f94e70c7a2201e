"""From a product, an area and a period to one `ee.Image` and to the images it is made of.

Order: filter, mask at native resolution (`masking`), index, composite, average to a coarser product (`averaging`),
encode (`encoding`). What does not belong here: requests (`session`), and the size of what is exported
(`core.exports.export_plan`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Composite, Condition, Index, Product
from eo_pipeline.core.reducers import kind_of
from eo_pipeline.earth_engine.averaging import Averaging, averaging
from eo_pipeline.earth_engine.encoding import stacked
from eo_pipeline.earth_engine.masking import masked
from eo_pipeline.earth_engine.own_functions import own_function
from eo_pipeline.errors import ProductError

METRES_PER_DEGREE = math.pi * 6378137 / 180
COUNTS = ("chip_n_obs", "chip_n_valid")
"""Bands of `counts`."""
_SHORT_REDUCERS = ("median", "mean", "max", "min")
"""Those that are methods of an `ee.ImageCollection`."""


@dataclass(frozen=True)
class RecipeArea:
    """What a person's own recipe function is given beside the period.

    Attributes:
        key: partition key of the area.
        geobox: its pixels, north up.
        geometry: its rectangle, planar in the product's CRS.
    """

    key: str
    geobox: GeoBox
    geometry: Any


def rectangle(geobox: GeoBox) -> Any:
    """The GeoBox's outline as a planar `ee.Geometry` in its own CRS."""
    b = geobox.boundingbox
    return ee.Geometry.Rectangle([b.left, b.bottom, b.right, b.top], proj=str(geobox.crs), geodesic=False)


def images(product: Product, geobox: GeoBox, period: Period, *, source_image: str = "", near: Any = None) -> Any:
    """The source's `ee.ImageCollection` for an area and a period, filtered, all bands; or one image of it alone.

    What is near is chosen first: a property may take longer to read than a place.
    """
    if product.source is None:
        raise ProductError("expected `source` in the product, got none; its images cannot be listed")
    if source_image:
        return ee.ImageCollection.fromImages([ee.Image(source_image)])
    collection = ee.ImageCollection(product.source.collection)
    collection = collection.filterDate(_milliseconds(period.start), _milliseconds(period.end))
    collection = collection.filterBounds(rectangle(geobox))
    if near is not None:
        collection = collection.filter(near)
    for name, condition in product.source.where.items():
        collection = collection.filter(property_filter(name, condition))
    return collection


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


_NAMES = {"one_of": "inList"}


def property_filter(name: str, condition: Condition) -> Any:
    """The `ee.Filter` of what a property must satisfy."""
    wanted = condition.model_dump(exclude_none=True)
    return ee.Filter.And(
        *[getattr(ee.Filter, _NAMES.get(operator, operator))(name, value) for operator, value in wanted.items()]
    )


def inputs(product: Product, geobox: GeoBox, period: Period) -> Any:
    """`ee.Dictionary` {index: [...], version: [...]} of the images an area and period are made of."""
    found = images(product, geobox, period)
    return ee.Dictionary(
        {"index": found.aggregate_array("system:index"), "version": found.aggregate_array("system:version")}
    )


def image(
    product: Product,
    *,
    area_key: str,
    geobox: GeoBox,
    period: Period,
    native_resolution: float | None = None,
    keep_masks: bool = False,
    source_image: str = "",
    metres: float | None = None,
    near: Any = None,
) -> Any:
    """The `ee.Image` that is exported: bands as in `product.bands`, encoded, one dtype, no masked pixel left.

    Floats with NaN as nodata stay masked: the service writes masked floats as NaN.

    Args:
        product: what to make.
        area_key: given to a person's own recipe.
        geobox: the pixels that will be asked for.
        period: half-open, UTC.
        native_resolution: metres a pixel of the source, to decide whether the product is coarser; None if unknown.
        keep_masks: leave unusable pixels masked, as Earth Engine's assets keep them.
        source_image: Earth Engine id of the only image that it is made of; empty for all of the area and period.
        metres: a pixel that will be asked for; those of the product's area if None.
        near: an `ee.Filter` that leaves out images without a pixel of what will be asked for, but never all; it
            spares time and changes no pixel. A person's own recipe is not filtered.
    """
    if product.recipe is not None:
        made = ee.Image(own_recipe(product.recipe, RecipeArea(area_key, geobox, rectangle(geobox)), period))
        return stacked(made, product.bands, keep_masks=keep_masks)
    found = images(product, geobox, period, source_image=source_image)
    averaged = averaging(metres or _metres(product, geobox), native_resolution, product, found)
    if near is not None:
        found = images(product, geobox, period, near=near)
    return _made_of(found, product, averaged, keep_masks=keep_masks)


def scene_image(product: Product, scene: Any, *, geobox: GeoBox, native_resolution: float | None) -> Any:
    """One source image alone as `image` makes them together: encoded, unusable pixels masked.

    Args:
        product: with a source; its composite is of one image.
        scene: an `ee.Image` of the source's collection.
        geobox: the pixels that will be asked for.
        native_resolution: metres a pixel of the source; None if unknown.
    """
    found = ee.ImageCollection.fromImages([scene])
    averaged = averaging(_metres(product, geobox), native_resolution, product, found)
    return _made_of(found, product, averaged, keep_masks=True)


def _made_of(found: Any, product: Product, averaged: Averaging, *, keep_masks: bool) -> Any:
    classes = [e.name for e in product.bands if e.kind == "categorical"]
    return stacked(averaged(_composite(product, found), classes), product.bands, keep_masks=keep_masks)


def counts(
    product: Product,
    *,
    geobox: GeoBox,
    period: Period,
    native_resolution: float | None,
    source_image: str = "",
    metres: float | None = None,
    near: Any = None,
) -> Any:
    """The `ee.Image` of COUNTS: how many images saw a pixel, and how many saw it usable, as they are averaged.

    Arguments as of `image`; the product has a source.
    """
    found = images(product, geobox, period, source_image=source_image)
    averaged = averaging(metres or _metres(product, geobox), native_resolution, product, found)
    if near is not None:
        found = images(product, geobox, period, near=near)
    both = _count_images(product, found, _scenes(product, found))
    pair = averaged(both["n_obs"].rename([COUNTS[0]]).addBands(both["n_valid"].rename([COUNTS[1]])), [])
    return pair.add(0.5).floor().toUint16()


def own_recipe(dotted: str, area: RecipeArea, period: Period, *, field: str = "recipe") -> Any:
    """What a person's function returns for an area and a period.

    Args:
        dotted: package.module.function.
        area: given to it.
        period: likewise.
        field: of the declaration that names the function.

    Raises:
        ProductError: there is no such function.
    """
    return own_function(dotted, field=field)(area, period)


def _composite(product: Product, found: Any) -> Any:
    """Values then counts, physical, at native resolution."""
    scenes = _scenes(product, found)
    assert product.source is not None  # noqa: S101  # narrowed by the callers: without a source there is a recipe
    names = [*product.source.bands, *_indices(product, "per_scene")]
    made = _with_indices(_reduced(scenes, product.composite, names), _indices(product, "composite"))
    values = made.select(product.value_names)
    counted = _count_images(product, found, scenes)
    for name in product.composite.counts:
        values = values.addBands(counted[name].rename([name]))
    return values


def _scenes(product: Product, found: Any) -> Any:
    """Each image of the collection masked, physical, with the indices that are computed of each."""
    source = product.source
    assert source is not None  # noqa: S101  # narrowed by the callers: without a source there is a recipe
    usable = masked(found, product.mask) if product.mask else found
    scenes = usable.map(lambda scene: _physical(ee.Image(scene), source.bands, source.scale, source.offset))
    early = _indices(product, "per_scene")
    return scenes.map(lambda scene: _with_indices(ee.Image(scene), early)) if early else scenes


def _indices(product: Product, when: str) -> dict[str, Index]:
    return {name: index for name, index in product.index.items() if index.compute == when}


def _count_images(product: Product, found: Any, scenes: Any) -> dict[str, Any]:
    """By name how many images saw a pixel, and how many saw its first value usable; 0 where none did."""
    source = product.source
    assert source is not None  # noqa: S101  # narrowed by the callers: without a source there is a recipe
    late, first_value = _indices(product, "composite"), product.value_names[0]
    probe = first_value if first_value not in late else late[first_value].names[0]
    seen = {"n_obs": found.select([source.bands[0]]), "n_valid": scenes.select([probe])}
    return {name: collection.count().unmask(0, False) for name, collection in seen.items()}


def _physical(scene: Any, bands: list[str], scale: float, offset: float) -> Any:
    chosen = scene.select(bands)
    if scale != 1.0:
        chosen = chosen.multiply(scale)
    if offset != 0.0:
        chosen = chosen.add(offset)
    return chosen.copyProperties(scene, ["system:time_start"])


def _with_indices(picture: Any, indices: Mapping[str, Index]) -> Any:
    for name, index in indices.items():
        named = {band: picture.select([band]) for band in index.names}
        picture = picture.addBands(picture.expression(index.formula, named).rename([name]))
    return picture


def _reduced(scenes: Any, composite: Composite, names: Sequence[str]) -> Any:
    """One image with the named bands, which all scenes have."""
    if composite.reducer == "mosaic":
        return scenes.mosaic()
    if composite.reducer == "first":
        return scenes.sort("system:time_start", False).mosaic()
    if composite.reducer == "best_pixel":
        return scenes.map(lambda scene: _whole(ee.Image(scene))).qualityMosaic(composite.quality)
    if composite.reducer in _SHORT_REDUCERS:
        return getattr(scenes, composite.reducer)()
    percent = kind_of(composite.reducer).percent
    return scenes.reduce(ee.Reducer.percentile([percent], ["p"])).select([f"{name}_p" for name in names], list(names))


def _whole(scene: Any) -> Any:
    """The scene where all of its bands have a value."""
    return scene.updateMask(scene.mask().reduce(ee.Reducer.min()))


def _metres(product: Product, geobox: GeoBox) -> float:
    """A pixel of the product's area, at the equator if its CRS is geographic."""
    return product.area.resolution * (METRES_PER_DEGREE if geobox.crs is not None and geobox.crs.geographic else 1.0)
