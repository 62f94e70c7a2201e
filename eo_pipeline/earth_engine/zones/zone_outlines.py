"""The zones of an Earth Engine table, with their outlines. What does not belong here: mending them (`steps.zones`)."""

from collections.abc import Mapping, Sequence
from typing import Any

import ee
from odc.geo.geobox import GeoBox

from eo_pipeline.core.product import Condition
from eo_pipeline.earth_engine.recipes import rectangle
from eo_pipeline.earth_engine.table_features import table

ID = "id"
"""Property of a feature that names the zone."""


def outlines(asset: str, where: Mapping[str, Condition], *, named: str, areas: Sequence[GeoBox]) -> Any:
    """`ee.FeatureCollection` of the table's features that touch areas, with nothing but ID beside their outlines.

    Args:
        asset: the table's id.
        where: conditions on its properties.
        named: the property that names a zone.
        areas: grids; at least one.
    """
    near = ee.Filter.Or(*[ee.Filter.bounds(rectangle(area)) for area in areas])
    found = table(asset, where).filter(near)
    return found.map(lambda zone: ee.Feature(ee.Feature(zone).geometry(), {ID: ee.Feature(zone).get(named)}))
