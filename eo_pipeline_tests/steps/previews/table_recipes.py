"""Recipes of tables over the scenes, as a person has them: functions (area, period) -> ee.FeatureCollection."""

from typing import Any

import ee

from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine.recipes import RecipeArea
from eo_pipeline_tests.scenes import COLLECTION


def clouds(area: RecipeArea, period: Period) -> Any:
    """Day and cloud cover of every scene of a period."""
    scenes = ee.ImageCollection(COLLECTION).filterDate(period.start, period.end).filterBounds(area.geometry)
    rows = scenes.toList(100).map(
        lambda scene: ee.Feature(
            area.geometry,
            {
                "day": ee.Image(scene).date().format("YYYY-MM-dd"),
                "clouds": ee.Image(scene).get("CLOUDY_PIXEL_PERCENTAGE"),
            },
        )
    )
    return ee.FeatureCollection(rows)


def many(area: RecipeArea, period: Period) -> Any:  # the recipe's signature
    """Thirty rows."""
    return ee.FeatureCollection(ee.List.sequence(1, 30).map(lambda n: ee.Feature(None, {"n": n})))
