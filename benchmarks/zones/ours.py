"""This project's zonal statistics. Where `measure_zones` is imported from, and how it is called, stand here only."""

import datetime as dt
import math
import tempfile
from pathlib import Path

from benchmarks.zones.answers import STATISTICS, write_answers
from benchmarks.zones.scenes import ID, write_polygons, write_raster
from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.steps.measure_zones import measure_zones
from eo_pipeline.storage.vectors import read_zones

OFFERED = frozenset({"center"})
"""What `ours` can do so far, out of: the rules center and fractional, threads, cache."""


def load(*, rule: str, threads: int, **_: object) -> None:
    """Measures a few polygons: what a process loads once, such as compiled functions, is there afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        raster = write_raster(Path(folder) / "raster.tif", 64, 1)
        zones = write_polygons(Path(folder) / "zones.fgb", 64, 20)
        ours(zones=str(zones), raster=str(raster), answers=f"{folder}/answers.npy", rule=rule, threads=threads)


def ours(*, zones: str, raster: str, answers: str, rule: str, threads: int, cache: str | None = None) -> int:
    """Through the public step.

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
    if rule not in OFFERED or cache is not None:
        msg = f"expected the rule center and no cache, got {rule} and {cache} ({threads} threads); wire them here"
        raise NotImplementedError(msg)
    table = measure_zones(
        read_zones(Path(zones), id_column=ID),
        [Path(raster)],
        bands=[BandEncoding("band", "float32", nodata=math.nan)],
        statistics=STATISTICS,
        period_key="2026-06",
        period_start=dt.date(2026, 6, 1),
        period_end=dt.date(2026, 7, 1),
    )
    return write_answers(answers, {name: table[f"band_{name}"].to_numpy() for name in STATISTICS})
