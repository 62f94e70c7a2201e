"""Recipes of tables as a person has them: functions (area, period) -> ee.FeatureCollection."""

from typing import Any

import ee

from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine.recipes import RecipeArea
from eo_pipeline_tests.end_to_end.heights import COLLECTION, CRS, LEFT, RESOLUTION, TOP

HALF = 128
"""Pixels a side of a quarter."""


def quarters(area: RecipeArea, period: Period) -> Any:
    """Mean height and number of pixels of the area's four quarters, named by row and column."""
    image = ee.Image(ee.ImageCollection(COLLECTION).filterDate(period.start, period.end).first())
    reducer = ee.Reducer.mean().combine(ee.Reducer.count(), sharedInputs=True)
    zones = ee.FeatureCollection([_quarter(row, column) for row in (0, 1) for column in (0, 1)])
    measured = image.reduceRegions(
        collection=zones, reducer=reducer, crs=CRS, crsTransform=[RESOLUTION, 0, LEFT, 0, -RESOLUTION, TOP]
    )
    return measured.map(lambda row: row.set({"start": period.start.date().isoformat(), "area": area.key}))


def _quarter(row: int, column: int) -> Any:
    left, top, side = LEFT + column * HALF * RESOLUTION, TOP - row * HALF * RESOLUTION, HALF * RESOLUTION
    shape = ee.Geometry.Rectangle([left, top - side, left + side, top], proj=CRS, geodesic=False)
    names = {"name": f"r{row}c{column}", "note": "upper, left" if (row, column) == (0, 0) else None}
    return ee.Feature(shape, {name: value for name, value in names.items() if value is not None})


def high_quarters(area: RecipeArea, period: Period) -> Any:
    """Those whose mean is above every height there is: none."""
    return quarters(area, period).filter(ee.Filter.gt("mean", 1e6))


def an_image(area: RecipeArea, period: Period) -> Any:  # as a mistaken person writes it
    """No table."""
    return ee.Image(1)
