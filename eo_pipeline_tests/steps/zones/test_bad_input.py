"""Odd input to the measuring of zones: a right answer, or a message that says what to do."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from shapely import box
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import GridMismatchError, TilesError, ZonesError
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline.storage.vectors import read_zones
from eo_pipeline_tests.raster_files import grid, write_raster

SIDE = 100
JANUARY = Period(dt.datetime(2023, 1, 1, tzinfo=dt.UTC), dt.datetime(2023, 2, 1, tzinfo=dt.UTC), "2023-01")
WHOLE = box(5e5, 5e6 - 10 * SIDE, 5e5 + 10 * SIDE, 5e6)
BAND = BandEncoding("b", "float32", nodata=math.nan)
RULES = list(Rule)


def zones(*shapes: BaseGeometry) -> Zones:
    return Zones("z.gpkg", "code", tuple(range(len(shapes))), shapes, CRS("EPSG:32633"), (), "")


def measured(path: Path, wanted: Wanted, *shapes: BaseGeometry, **options: Any) -> pd.DataFrame:
    return measure_zones(zones(*(shapes or (WHOLE,))), [path], wanted, JANUARY, **options)


def raster(folder: Path, pixels: NDArray[Any], name: str = "r.tif", nodata: float | None = None) -> Path:
    return write_raster(folder / name, grid(SIDE, SIDE), pixels[None], nodata=nodata, names=("b",))


def ones() -> NDArray[np.float32]:
    return np.ones((SIDE, SIDE), "float32")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("dtype", "value"),
    [("uint8", 255), ("int16", -32768), ("uint16", 65535), ("int32", 2**31 - 1), ("uint32", 2**32 - 1)],
)
def test_sums_of_the_largest_integers_do_not_overflow(tmp_path: Path, dtype: str, value: int, rule: Rule) -> None:
    path = raster(tmp_path, np.full((SIDE, SIDE), value, dtype))
    wanted = Wanted((BandEncoding("b", dtype),), ("sum", "mean", "std", "var", "count"), rule=rule)
    row = measured(path, wanted).iloc[0]
    assert row["b_sum"] == value * SIDE * SIDE
    assert (row["b_mean"], row["b_std"], row["b_var"], row["b_count"]) == (value, 0, 0, SIDE * SIDE)


def test_a_range_over_all_of_an_integer_type_does_not_overflow(tmp_path: Path) -> None:
    pixels = np.full((SIDE, SIDE), -(2**31), "int32")
    pixels[:50] = 2**31 - 1
    row = measured(raster(tmp_path, pixels), Wanted((BandEncoding("b", "int32"),), ("range", "median", "sum"))).iloc[0]
    assert (row["b_range"], row["b_median"], row["b_sum"]) == (2**32 - 1, -0.5, -5000)


@pytest.mark.parametrize("rule", RULES)
def test_large_offsets_leave_the_deviation_right(tmp_path: Path, rule: Rule) -> None:
    """Squares of such numbers have no digit left for their differences."""
    pixels = 1e9 + np.random.default_rng(1).random((SIDE, SIDE))
    wanted = Wanted((BandEncoding("b", "float64", nodata=math.nan),), ("std",), rule=rule)
    assert measured(raster(tmp_path, pixels), wanted)["b_std"].iloc[0] == pytest.approx(pixels.std(), rel=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_without_nodata_every_number_of_a_raster_is_a_value_and_beyond_it_there_is_none(
    tmp_path: Path, rule: Rule
) -> None:
    pixels = np.zeros((SIDE, SIDE), "uint8")
    wanted = Wanted((BandEncoding("b", "uint8"),), ("count", "mean", "nodata", "valid_share"), rule=rule)
    row = measured(raster(tmp_path, pixels), wanted, box(5e5 - 500, 5e6 - 100, 5e5 + 500, 5e6)).iloc[0]
    assert (row["b_count"], row["b_mean"], row["b_nodata"], row["b_valid_share"]) == (500, 0, 500, 0.5)


def test_no_zone_gives_no_row(tmp_path: Path) -> None:
    nothing = Zones("z.gpkg", "code", (), (), CRS("EPSG:32633"), (), "")
    table = measure_zones(nothing, [raster(tmp_path, ones())], Wanted((BAND,)), JANUARY)
    assert (len(table), list(table.columns)[-1]) == (0, "b_count")


@pytest.mark.parametrize("rule", RULES)
def test_zones_that_are_all_elsewhere_are_an_error(tmp_path: Path, rule: Rule) -> None:
    elsewhere = shapely.transform(WHOLE, lambda points: points + 1e5)
    with pytest.raises(ZonesError, match=r"z\.gpkg: expected zones that touch the areas .*, got 1 zones elsewhere"):
        measured(raster(tmp_path, ones()), Wanted((BAND,), rule=rule), elsewhere)


def test_a_raster_without_a_crs_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bare.tif"
    profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", transform=grid(2, 2).affine, **profile) as file:
        file.write(np.ones((1, 2, 2), "uint8"))
    with pytest.raises(TilesError, match=r"expected a georeferenced raster, got .*bare\.tif without a CRS"):
        measured(path, Wanted((BAND,)))


def test_zones_from_a_file_may_be_invalid_and_are_mended(tmp_path: Path) -> None:
    """A bow tie covers two triangles, a quarter of the square each."""
    left, bottom, right, top = WHOLE.bounds
    tie = shapely.Polygon([(left, bottom), (right, top), (right, bottom), (left, top)])
    path = tmp_path / "z.gpkg"
    geopandas.GeoDataFrame({"code": ["tie"]}, geometry=[tie], crs="EPSG:32633").to_file(path)
    found = read_zones(path, id_column="code")
    assert [repair.zone for repair in found.repaired] == ["tie"]
    wanted = Wanted((BAND,), ("count",), rule=Rule.FRACTIONAL)
    table = measure_zones(found, [raster(tmp_path, ones())], wanted, JANUARY)
    assert table["b_count"].tolist() == pytest.approx([SIDE * SIDE / 2])


def test_an_inner_buffer_that_leaves_nothing_is_an_error(tmp_path: Path) -> None:
    words = r"z\.gpkg: expected zones wider than twice inner_buffer, got none that is left 600 m within its edges"
    with pytest.raises(ZonesError, match=words):
        measured(raster(tmp_path, ones()), Wanted((BAND,), inner_buffer=600))


def test_a_zone_that_an_inner_buffer_takes_away_has_count_0(tmp_path: Path) -> None:
    small = box(5e5, 5e6 - 50, 5e5 + 50, 5e6)
    table = measured(raster(tmp_path, ones()), Wanted((BAND,), inner_buffer=100), WHOLE, small)
    assert table["b_count"].tolist() == [80 * 80, 0]
    assert table["b_mean"].isna().tolist() == [False, True]


def test_weights_must_be_there_and_on_the_raster_s_pixels(tmp_path: Path) -> None:
    path, wanted = raster(tmp_path, ones()), Wanted((BAND,), ("weighted_mean",))
    with pytest.raises(ZonesError, match="weights: expected a raster beside the statistic weighted_mean, got none"):
        measured(path, wanted)
    shifted = write_raster(tmp_path / "w.tif", grid(SIDE, SIDE, left=500_004), ones()[None])
    with pytest.raises(GridMismatchError, match=r"w\.tif: .*0\.4 columns"):
        measured(path, wanted, weights=shifted)


def test_pixels_without_a_weight_do_not_count_and_no_weight_at_all_is_null(tmp_path: Path) -> None:
    pixels = np.arange(SIDE * SIDE, dtype="float32").reshape(SIDE, SIDE)
    weights = np.random.default_rng(4).random((SIDE, SIDE)).astype("float32")
    weights[10:20] = -1
    weights[50:] = 0
    by = raster(tmp_path, weights, "w.tif", nodata=-1)
    shapes = (WHOLE, box(5e5, 5e6 - 1000, 5e5 + 1000, 5e6 - 600), box(5e5, 5e6 - 200, 5e5 + 1000, 5e6 - 100))
    wanted = Wanted((BAND,), ("weighted_mean", "count"))
    table = measured(raster(tmp_path, pixels), wanted, *shapes, weights=by)
    expected = np.average(pixels, weights=np.where(weights < 0, 0, weights))
    assert table["b_weighted_mean"].tolist() == pytest.approx([expected, math.nan, math.nan], nan_ok=True)
    assert table["b_count"].tolist() == [SIDE * SIDE, 40 * SIDE, 10 * SIDE]


def masked(folder: Path, name: str, pixels: NDArray[Any], mask: NDArray[np.bool_], *, column: int = 0) -> Path:
    """A raster beside whose pixels a mask lies, moved by so many pixels to the right."""
    whole = grid(SIDE, SIDE + column)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        path = write_raster(folder / name, whole[:, column:], pixels[None], nodata=None, names=("b",))
        with rasterio.open(path, "r+") as dataset:
            dataset.write_mask(mask)
    return path


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("rule", RULES)
def test_pixels_that_a_raster_s_own_mask_leaves_out_do_not_count(tmp_path: Path, dtype: str, rule: Rule) -> None:
    rng = np.random.default_rng(0)
    pixels, mask = rng.integers(0, 200, (SIDE, SIDE)).astype(dtype), rng.random((SIDE, SIDE)) < 0.6
    wanted = Wanted((BandEncoding("b", dtype),), ("count", "sum", "min", "nodata"), rule=rule)
    row = measured(masked(tmp_path, "m.tif", pixels, mask), wanted).iloc[0]
    inside = pixels[mask].astype("float64")
    assert row[["b_count", "b_sum", "b_min", "b_nodata"]].tolist() == pytest.approx(
        [inside.size, inside.sum(), inside.min(), (~mask).sum()]
    )


def test_rasters_with_masks_may_lie_side_by_side_but_not_over_each_other(tmp_path: Path) -> None:
    mask = np.arange(SIDE * SIDE).reshape(SIDE, SIDE) % 3 > 0
    wanted = Wanted((BandEncoding("b", "float32"),), ("count",))
    left = masked(tmp_path, "left.tif", ones(), mask)
    right, over = (masked(tmp_path, f"{c}.tif", ones(), mask, column=c) for c in (SIDE, SIDE - 1))
    both = box(5e5, 5e6 - 10 * SIDE, 5e5 + 20 * SIDE, 5e6)
    table = measure_zones(zones(both), [left, right], wanted, JANUARY)
    assert table["b_count"].tolist() == [2 * mask.sum()]
    with pytest.raises(TilesError, match=r"masks of their own side by side .* got .*left.tif.* write nodata in place"):
        measure_zones(zones(both), [left, over], wanted, JANUARY)
