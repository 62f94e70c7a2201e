"""What the service is asked for points: the pixels around them, or the pixel of each.

Both read the same pixels of the same image, by row and column, so their answers are the same. What does not belong
here: which points are asked for together (`core.points.groups`), and when (`steps.points.sample_points`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ee
import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.points.groups import Group
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Request
from eo_pipeline.earth_engine.interactive.expression import Expression, serialised
from eo_pipeline.earth_engine.interactive.pixels import (
    numbers_everywhere,
    pixels_request,
    read_pixels,
    stored_numbers,
)
from eo_pipeline.earth_engine.interactive.values import features_request, read_features

_PLACE = "points of this request"
_NUMBER = "point_number"
"""Property of a reply's features: which of the request's points it is about."""


@dataclass(frozen=True)
class PointImage:
    """What all points of an area and a period are read from; serialised once.

    Attributes:
        pixels: expression of the image.
        named: expression of the features of points that are still to be named.
        geobox: of the area.
        bands: of the image, in order.
        tag: workload tag of the compute's account.
    """

    pixels: Expression
    named: Expression
    geobox: GeoBox
    bands: tuple[BandEncoding, ...]
    tag: str

    def request(self, group: Group) -> Request:
        """Ask for a group of points: as a window if it is dense, else by name."""
        if group.is_dense:
            return pixels_request(self.pixels, self.geobox[group.window.slices], tag=self.tag)
        places = json.dumps(self._middles(group), separators=(",", ":")).encode()
        expression = Expression(self.named.text.replace(_TO_COME, places))
        return features_request(expression, page_size=len(group), tag=self.tag)

    def read(self, group: Group, reply: bytes) -> NDArray[np.float64]:
        """Stored numbers (band, n) of a group, NaN where a band of floats has none.

        Raises:
            BrokenReplyError: the reply is none to that request.
            ServiceError: other bands came, or numbers that their type does not hold.
        """
        if not group.is_dense:
            return _read_named(reply, len(group), self.bands)
        window = group.window
        found = read_pixels(reply, (window.height, window.width), self.bands)
        at_points = found[:, group.rows - window.row_start, group.columns - window.column_start]
        return at_points.astype(np.float64)

    def _middles(self, group: Group) -> list[list[float]]:
        """x, y and number of each point, moved to the middle of its pixel: no rounding leads out of it."""
        affine = self.geobox.affine
        x = (affine.c + affine.a * (group.columns + 0.5)).tolist()
        y = (affine.f + affine.e * (group.rows + 0.5)).tolist()
        return [[x[number], y[number], number] for number in range(len(group))]


def point_image(image: Any, bands: Sequence[BandEncoding], geobox: GeoBox, *, tag: str) -> PointImage:
    """What is asked of an image at points.

    Args:
        image: encoded `ee.Image` of an export.
        bands: of the image, in order; all of one dtype and one nodata.
        geobox: of the export.
        tag: workload tag of the compute's account.
    """
    numbers = numbers_everywhere(image, bands)
    named = _at_points(numbers, bands, geobox)
    return PointImage(serialised(numbers), serialised(named), geobox, tuple(bands), tag)


def _at_points(image: Any, bands: Sequence[BandEncoding], geobox: GeoBox) -> Any:
    """Features of points that are to come, with the numbers of their pixels and no shapes."""
    crs, names = str(geobox.crs), [band.name for band in bands]

    def feature(place: Any) -> Any:
        known = ee.List(place)
        point = ee.Geometry.Point([known.get(0), known.get(1)], proj=crs)
        return ee.Feature(point, {_NUMBER: known.get(2)})

    points = ee.FeatureCollection(ee.List([_PLACE]).map(feature))
    first = ee.Reducer.first() if len(names) > 1 else ee.Reducer.first().setOutputs(names)
    affine = list(geobox.affine)[:6]
    found = image.reduceRegions(collection=points, reducer=first, crs=crs, crsTransform=affine)
    return found.select([_NUMBER, *names], None, False)


_TO_COME = json.dumps([_PLACE]).encode()


def _read_named(reply: bytes, count: int, bands: Sequence[BandEncoding]) -> NDArray[np.float64]:
    """Stored numbers (band, n) by the points' numbers; where a band has no property its image has no pixel."""
    told = [feature.get("properties") or {} for feature in read_features(reply)]
    numbers = [int(properties.get(_NUMBER, -1)) for properties in told]
    if sorted(numbers) != list(range(count)):
        raise BrokenReplyError(f"Earth Engine: expected {count} points, got {len(told)} others; ask again")
    fields = np.zeros((1, count), [(band.name, np.float64) for band in bands])
    for band in bands:
        missing = np.nan if band.is_float else 0
        found = [missing if (value := properties.get(band.name)) is None else value for properties in told]
        fields[band.name][0, numbers] = found
    return stored_numbers(fields, bands)[:, 0].astype(np.float64)
