"""Recipes as a person has them: functions (area, period) -> ee.Image."""

from typing import Any

import ee

from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine.recipes import RecipeArea
from eo_pipeline_tests.scenes import COLLECTION


def brightest(area: RecipeArea, period: Period) -> Any:
    """Greatest stored B4 of a period, as the band `bright`."""
    scenes = ee.ImageCollection(COLLECTION).filterDate(period.start, period.end).filterBounds(area.geometry)
    return scenes.select(["B4"]).max().rename(["bright"])
