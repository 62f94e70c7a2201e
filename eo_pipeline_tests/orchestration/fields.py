"""A product of two areas with zones and a cube, whose files need no service.

What does not belong here: expectations.
"""

from pathlib import Path
from typing import Any

import geopandas
import shapely

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline_tests.orchestration.event_log import chain

TILE, RESOLUTION = 16, 10
WEST, EAST = "E0000N0000", "E0001N0000"
MONTHS = ("2024-01", "2024-02")


def sections() -> dict[str, Any]:
    """What the product declares beside the small product's source; its file is `fields.gpkg`."""
    return {
        "source": {"collection": "local/scenes", "bands": ["B4"]},
        "composite": {"reducer": "max"},
        "period": {"every": "month", "start": "2024-01", "end": "2024-03"},
        "area": {"cover": "fields.gpkg", "crs": "EPSG:32633", "resolution": RESOLUTION, "tile": TILE},
        "zones": {"file": "fields.gpkg", "id": "field", "statistics": ["mean", "count"]},
        "cube": {"repository": "cubes/small", "chunk": TILE, "shard": TILE},
    }


def two_areas(folder: Path, **more: Any) -> Chain:
    """The product's chain: two cells of 160 m side by side, a field in each and one across both; and other sections."""
    fields = {
        "west": shapely.box(0, 0, 50, 50),
        "east": shapely.box(200, 0, 250, 50),
        "both": shapely.box(140, 0, 180, 30),
    }
    frame = geopandas.GeoDataFrame({"field": list(fields)}, geometry=list(fields.values()), crs="EPSG:32633")
    frame.to_file(folder / "fields.gpkg", driver="GPKG")
    return chain(folder, **{**sections(), **more})
