"""Statistics of polygons by rasterstats and exactextract, each in one process; needs nothing else of this project."""

import geopandas
import numpy as np
from exactextract import exact_extract  # type: ignore[import-untyped] # exactextract has no types
from rasterstats import zonal_stats

from benchmarks.zones.answers import STATISTICS, write_answers


def rasterstats(*, zones: str, raster: str, answers: str, first: int | None = None) -> int:
    """Pixels whose centre is inside; of all zones or the first ones. Gives how many were measured."""
    frame = geopandas.read_file(zones, rows=first)
    found = zonal_stats(frame.geometry, raster, stats=STATISTICS, nodata=np.nan)
    return write_answers(answers, {name: [row[name] for row in found] for name in STATISTICS})


def exactextract(*, zones: str, raster: str, answers: str, first: int | None = None) -> int:
    """Pixels weighed by the share that is covered; the same."""
    frame = geopandas.read_file(zones, rows=first)
    asked = {name: "stdev" if name == "std" else name for name in STATISTICS}
    found = exact_extract(raster, frame, list(asked.values()), output="pandas")
    return write_answers(answers, {name: found[column] for name, column in asked.items()})
