"""Scenes for tests. What does not belong here: expectations."""

from datetime import UTC, datetime
from typing import Any

import shapely

from eo_pipeline.core.scenes.scene import Scene, SceneBand

NOON = datetime(2024, 6, 1, 10, 30, tzinfo=UTC)


def scene(name: str, instant: datetime = NOON, **bands: SceneBand) -> Scene:
    """A scene at 10 E, 50 N."""
    return Scene(name, "made", f"updated={instant:%Y}", instant, shapely.box(10, 50, 11, 51), bands)


def band(**told: Any) -> SceneBand:
    """A band of a file that nobody opens."""
    return SceneBand(**{"href": "http://nowhere/file.tif", "dtype": "uint16", "nodata": 0.0, **told})
