"""Zones by the share of pixels that they cover, over a raster of many blocks, against exactextract."""

import math
from pathlib import Path

import geopandas
import numpy as np
import pytest
from exactextract import exact_extract  # type: ignore[import-untyped]  # it ships no types

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.entries import Entry, numbers
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones import ground
from eo_pipeline.steps.zones.measure_zones import results_of_zones
from eo_pipeline_tests.raster_files import grid, write_raster
from eo_pipeline_tests.steps.zones.test_like_rasterstats import SHAPES, SIZE, ZONES, scene

NAMES = {"count": "count", "mean": "mean", "sum": "sum", "std": "stdev", "min": "min", "max": "max", "median": "median"}
BAND = BandEncoding("b", "float32", nodata=-9999)


def test_every_zone_is_as_in_exactextract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ground, "BLOCK_PIXELS", 64 * 64)
    path = write_raster(tmp_path / "a.tif", grid(SIZE, SIZE), scene("float32"), nodata=-9999)
    wanted = Wanted((BAND,), tuple(NAMES), rule=Rule.FRACTIONAL)
    results = results_of_zones(ZONES, [path], wanted)
    table = exact_extract(
        path, geopandas.GeoDataFrame(geometry=list(SHAPES), crs=32633), list(NAMES.values()), output="pandas"
    )
    for ours, theirs in NAMES.items():
        got = numbers(Entry(0, "statistic", ours), wanted, results)
        expected = table[theirs].to_numpy(dtype="float64")
        if ours == "sum":
            expected = np.where(table["count"] == 0, math.nan, expected)
        tolerance = 1e-5 if ours in ("std", "median") else 1e-6
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=1e-6, equal_nan=True, err_msg=ours)


def test_means_are_weighed_by_a_raster(tmp_path: Path) -> None:
    weights = np.random.default_rng(9).uniform(0, 5, (1, SIZE, SIZE)).astype("float32")
    weights[:, 50:60] = math.nan
    path = write_raster(tmp_path / "a.tif", grid(SIZE, SIZE), scene("float32"), nodata=-9999)
    people = write_raster(tmp_path / "w.tif", grid(SIZE, SIZE), weights, nodata=math.nan)
    filled = write_raster(tmp_path / "w0.tif", grid(SIZE, SIZE), np.nan_to_num(weights, nan=0.0))
    wanted = Wanted((BAND,), ("weighted_mean",), rule=Rule.FRACTIONAL)
    results = results_of_zones(ZONES, [path], wanted, weights=people)
    frame = geopandas.GeoDataFrame(geometry=list(SHAPES), crs=32633)
    table = exact_extract(path, frame, ["weighted_mean"], weights=filled, output="pandas")
    got = numbers(Entry(0, "statistic", "weighted_mean"), wanted, results)
    np.testing.assert_allclose(got, table["weighted_mean"].to_numpy(dtype="float64"), rtol=1e-6, equal_nan=True)
