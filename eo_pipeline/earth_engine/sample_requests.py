"""What Earth Engine is asked for to know which chips there are: pixels of each class, and images of a period.

What does not belong here: what chips are made of them (`steps.chips.asked_places`).
"""

from dataclasses import dataclass
from typing import Any

import ee
import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.grids import Area
from eo_pipeline.core.periods import Period
from eo_pipeline.core.product import Product, Strata
from eo_pipeline.earth_engine import assets
from eo_pipeline.earth_engine.recipes import images
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.earth_engine.table_features import features
from eo_pipeline.errors import ProductError, ServiceError

MOST_VERTICES = 50_000
"""Of a polygon in a request: about 2 MB of the 10 MB that a request may have (Earth Engine: "Request payload size")."""
TILE_SCALES = (1, 4, 16)
"""Of `tileScale`, which divides the side of the pieces that a sample is computed in; the largest is 16."""
EASE = "EPSG:6933"
"""EASE-Grid 2.0 Global, a cylindrical equal-area projection; pixels of one size have one area everywhere."""
_EASE_ENDS = 86.0
"""Degrees of latitude north and south (EPSG's area of use)."""


@dataclass(frozen=True)
class ClassPixels:
    """Pixels of classes; arrays (n,).

    Attributes:
        longitude: of the pixel's middle, degrees, EPSG:4326.
        latitude: likewise.
        classes: whole numbers.
    """

    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]
    classes: NDArray[np.int64]


@dataclass(frozen=True)
class SourceImages:
    """Images of a collection; arrays (n,), in the service's order.

    Attributes:
        ids: `system:index`, texts.
        times: `system:time_start`, milliseconds since 1970, UTC.
    """

    ids: NDArray[np.object_]
    times: NDArray[np.int64]


@dataclass(frozen=True)
class Outline:
    """A polygon that fits into a request.

    Attributes:
        polygon: in the CRS of the product.
        tolerance: CRS units that its edges may depart from the original's; 0 if it is the same.
    """

    polygon: BaseGeometry
    tolerance: float


def outline(region: BaseGeometry, *, step: float, most: int = MOST_VERTICES) -> Outline:
    """A region with at most `most` vertices: simplified by `step` CRS units, and twice as much until it is."""
    found, tolerance = region, 0.0
    while shapely.get_num_coordinates(found) > most:
        tolerance = 2 * tolerance or step
        found = shapely.simplify(region, tolerance, preserve_topology=True)
    return Outline(found, tolerance)


def geometry(region: BaseGeometry, crs: str) -> Any:
    """An `ee.Geometry` of the polygons, its edges straight in the CRS."""
    parts = [part for part in shapely.get_parts(region) if part.geom_type == "Polygon"]
    rings = [[_ring(ring) for ring in (part.exterior, *part.interiors)] for part in parts]
    return ee.Geometry.MultiPolygon(rings, proj=crs, geodesic=False)


def _ring(ring: BaseGeometry) -> list[list[float]]:
    found: list[list[float]] = shapely.get_coordinates(ring).tolist()
    return found


def class_pixels(
    session: Session, strata: Strata, region: BaseGeometry, *, crs: str, count: int, seed: int, tag: str
) -> ClassPixels:
    """Random pixels of a region, at most `count` of each class: places and classes only.

    Pixels are those of `crs` at `strata.scale` metres; of an equal-area projection in place of degrees, where pixels
    become smaller towards the poles and every pixel is as likely. What is too much for the service's memory or time is
    asked for again in smaller tiles.

    Raises:
        ProductError: there is no such image or band.
        ServiceError: Earth Engine refused.
    """
    image = _classes(session, strata)
    asked = {"numPoints": count, "classBand": strata.band, "region": geometry(region, crs), "scale": strata.scale,
             "projection": _equal_area(crs, region), "seed": seed, "dropNulls": True, "geometries": True}  # fmt: skip
    *first, last = TILE_SCALES
    for scale in first:
        try:
            return _sampled(session, image.stratifiedSample(**asked, tileScale=scale), strata, tag)
        except ServiceError as error:
            if classify(error.said).kind not in (FailureClass.MEMORY, FailureClass.TIME_OUT):
                raise
    return _sampled(session, image.stratifiedSample(**asked, tileScale=last), strata, tag)


def _sampled(session: Session, found: Any, strata: Strata, tag: str) -> ClassPixels:
    """All pages of a sample."""
    places, classes = [], []
    try:
        for feature in features(session, found, tag=tag):
            places.append(feature["geometry"]["coordinates"])
            classes.append(feature["properties"][strata.band])
    except ServiceError as error:
        if classify(error.said).kind is not FailureClass.NOT_FOUND:
            raise
        raise ProductError(
            f"chips.strata.band: expected a band of {strata.image}, got {strata.band!r}; Earth Engine: {error.said}"
        ) from error
    longitude, latitude = np.array(places, np.float64).reshape(-1, 2).T
    return ClassPixels(longitude, latitude, np.array(classes, np.int64))


def _equal_area(crs: str, region: BaseGeometry) -> str:
    """The CRS whose pixels are drawn; the same if it is projected, or if the region lies where EASE-Grid ends."""
    west, south, east, north = region.bounds
    if not CRS(crs).geographic or west < -180 or east > 180 or south < -_EASE_ENDS or north > _EASE_ENDS:
        return crs
    return EASE


def _classes(session: Session, strata: Strata) -> Any:
    """The one band of classes, of an image or of a collection's mosaic."""
    found = assets.describe(session, strata.image)
    if found is None or found.type not in {"IMAGE", "IMAGE_COLLECTION"}:
        got = "nothing" if found is None else found.type
        raise ProductError(
            f"chips.strata.image: expected an image or a collection of images that Earth Engine has, got {got} at "
            f"{strata.image}; correct the id, or ask for access to it"
        )
    image = ee.Image(strata.image) if found.type == "IMAGE" else ee.ImageCollection(strata.image).mosaic()
    return image.select([strata.band])


def source_images(
    session: Session, product: Product, area: Area, period: Period, region: BaseGeometry, *, tag: str
) -> SourceImages:
    """Ids and times of the source's images of a period that touch a region, after the product's conditions.

    Raises:
        ProductError: the product has no source.
        ServiceError: Earth Engine refused, or an image has no time.
    """
    touching = images(product, area.geobox, period).filterBounds(geometry(region, product.area.crs))
    asked = {"ids": "system:index", "times": "system:time_start"}
    reply = session.compute(ee.Dictionary({name: touching.aggregate_array(p) for name, p in asked.items()}), tag=tag)
    ids, times = reply["ids"], reply["times"]
    if len(ids) != len(times):
        raise ServiceError(f"Earth Engine: expected {len(ids)} times of images, got {len(times)}; choose other images")
    found = np.empty(len(ids), dtype=object)
    found[:] = ids
    return SourceImages(found, np.array(times, np.float64).astype(np.int64))
