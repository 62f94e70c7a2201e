"""This project's zonal statistics. Where they are imported from, and how they are called, stands here only."""

import datetime as dt
import math
import tempfile
from pathlib import Path

from benchmarks.zones.answers import STATISTICS, write_answers
from benchmarks.zones.scenes import ID, write_polygons, write_raster
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline.storage.vectors import read_zones

PERIOD = Period(dt.datetime(2026, 6, 1, tzinfo=dt.UTC), dt.datetime(2026, 7, 1, tzinfo=dt.UTC), "2026-06")


def load(*, rule: str, threads: int, **_: object) -> None:
    """Measures a few polygons: what a process loads once, such as compiled functions, is there afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        raster = write_raster(Path(folder) / "raster.tif", 64, 1)
        zones = write_polygons(Path(folder) / "zones.fgb", 64, 20)
        ours(zones=str(zones), raster=str(raster), answers=f"{folder}/answers.npy", rule=rule, threads=threads)


def ours(*, zones: str, raster: str, answers: str, rule: str, threads: int, cache: str | None = None) -> int:
    """Through the public step, from the file of zones to the table.

    Args:
        zones: a file of polygons.
        raster: a file of one band.
        answers: the file that is written.
        rule: center or fractional.
        threads: how many work.
        cache: a folder for the covered shares of pixels, for later dates; None for none.

    Returns:
        The number of zones.
    """
    polygons = read_zones(Path(zones), id_column=ID)
    wanted = Wanted((BandEncoding("band", "float32", nodata=math.nan),), STATISTICS, rule=Rule(rule))
    kept = None if cache is None else Path(cache)
    table = measure_zones(polygons, [Path(raster)], wanted, PERIOD, cache=kept, threads=threads)
    return write_answers(answers, {name: table[f"band_{name}"].to_numpy() for name in STATISTICS})
