"""Zonal statistics over several mosaics, against rasterstats on one raster and against plain pixel centres."""

import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from pyproj import Transformer
from rasterstats import zonal_stats
from shapely import affinity, box
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import Zones
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import GridMismatchError, TilesError, ZonesError
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline_tests.raster_files import grid, write_raster

HEIGHT, WIDTH = 120, 200
UTM = CRS("EPSG:32633")
STATISTICS = (
    *("count", "mean", "sum", "std", "min", "max", "median", "range", "majority", "minority", "unique", "nodata"),
    *("percentile_5", "percentile_99.5"),
)
BAND = BandEncoding("b", "int16", nodata=-1)
JANUARY = Period(dt.datetime(2023, 1, 1, tzinfo=dt.UTC), dt.datetime(2023, 2, 1, tzinfo=dt.UTC), "2023-01")
SHAPES = (
    shapely.Point(501_000, 4_999_400).buffer(450),
    shapely.Polygon([(500_105, 4_999_905), (501_900, 4_999_500), (500_700, 4_999_105)]),
    box(501_500, 4_999_700, 502_500, 5_000_300),
    box(503_000, 4_999_000, 503_100, 4_999_100),
    box(500_951, 4_999_441, 500_954, 4_999_444),
)


def zones(shapes: Sequence[BaseGeometry] = SHAPES, crs: CRS = UTM) -> Zones:
    ids = tuple(f"zone-{number}" for number in range(len(shapes), 0, -1))
    return Zones("zones.gpkg", "code", ids, tuple(shapes), crs, (), "")


def scene() -> NDArray[Any]:
    pixels = np.random.default_rng(3).integers(0, 50, (1, HEIGHT, WIDTH)).astype("int16")
    pixels[:, 40:60, 90:110] = -1
    return pixels


def areas(folder: Path, pixels: NDArray[Any], nodata: float | None = -1) -> list[Path]:
    """The scene as three mosaics side by side."""
    columns = (slice(0, 70), slice(70, 110), slice(110, WIDTH))
    return [
        write_raster(
            folder / f"{part.start}.tif",
            grid(HEIGHT, part.stop - part.start, left=5e5 + 10 * part.start),
            pixels[:, :, part],
            nodata=nodata,
        )
        for part in columns
    ]


def measure(zones: Zones, rasters: Sequence[Path], **options: Any) -> pd.DataFrame:
    bands, statistics = options.pop("bands", [BAND]), options.pop("statistics", STATISTICS)
    rule = Rule.ALL_TOUCHED if options.pop("all_touched", False) else Rule.CENTER
    return measure_zones(zones, rasters, Wanted(tuple(bands), tuple(statistics), rule=rule), JANUARY, **options)


def same(table: pd.DataFrame, expected: list[dict[str, Any]], statistics: Sequence[str], band: str = "b") -> None:
    """Each statistic equals rasterstats' to the last bit; std but for the order in which squares are added up."""
    for statistic in statistics:
        got = table[f"{band}_{statistic}"].to_numpy(dtype="float64", na_value=np.nan)
        wanted = np.array([row[statistic] for row in expected], dtype="float64")
        tolerance = 1e-14 if statistic == "std" else 0
        assert np.allclose(got, wanted, rtol=tolerance, atol=0, equal_nan=True), statistic


@pytest.mark.parametrize("all_touched", [False, True])
def test_many_mosaics_answer_like_rasterstats_on_one_raster(tmp_path: Path, all_touched: bool) -> None:
    pixels = scene()
    whole = write_raster(tmp_path / "whole.tif", grid(HEIGHT, WIDTH), pixels, nodata=-1)
    table = measure(zones(), areas(tmp_path, pixels), all_touched=all_touched)
    wanted = zonal_stats(SHAPES[:3], str(whole), stats=list(STATISTICS), all_touched=all_touched)
    same(table.iloc[:3], wanted, STATISTICS)
    assert table["b_count"].iloc[0] > 5000


def test_rows_and_columns_are_those_of_the_schema(tmp_path: Path) -> None:
    table = measure(zones(), areas(tmp_path, scene()), statistics=["count", "mean", "unique"])
    assert list(table.columns) == [*("code", "period", "period_start", "period_end"), "b_count", "b_mean", "b_unique"]
    assert table["code"].tolist() == ["zone-5", "zone-4", "zone-3", "zone-2", "zone-1"]
    assert set(table["period"]) == {"2023-01"}
    assert set(table["period_start"]) == {dt.date(2023, 1, 1)}
    assert set(table["period_end"]) == {dt.date(2023, 2, 1)}
    assert [str(kind) for kind in table.dtypes[4:]] == ["int64", "float64", "Int64"]


def test_a_zone_that_touches_nothing_has_no_pixel_and_nulls(tmp_path: Path) -> None:
    row = measure(zones(), areas(tmp_path, scene())).iloc[3]
    assert row["b_count"] == 0
    assert row.drop(["code", "period", "period_start", "period_end", "b_count"]).isna().all()


def test_a_zone_without_a_pixel_centre_has_count_0(tmp_path: Path) -> None:
    row = measure(zones(), areas(tmp_path, scene())).iloc[4]
    assert (row["b_count"], row["b_nodata"]) == (0, 0)
    assert np.isnan(row["b_mean"])


def test_no_raster_means_no_pixel() -> None:
    table = measure(zones(), [])
    assert table["b_count"].tolist() == [0] * 5
    assert table["b_mean"].isna().all()
    assert table["b_unique"].isna().all()


def test_zones_that_are_all_elsewhere_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZonesError, match=r"zones\.gpkg: .*got 1 zones elsewhere \(bounds 503000, 4\.999e\+06, .*32633"):
        measure(zones(SHAPES[3:4]), areas(tmp_path, scene()))


@pytest.mark.parametrize("scale", [0.02, -0.02])
def test_statistics_are_physical(tmp_path: Path, scale: float) -> None:
    pixels = scene()
    band = BandEncoding("b", "int16", scale=scale, offset=-20, nodata=-1, units="K")
    names = ["count", "mean", "sum", "std", "min", "max", "median", "range", "percentile_10"]
    table = measure(zones(SHAPES[:2]), areas(tmp_path, pixels), bands=[band], statistics=names)
    physical = np.where(pixels[0] == -1, np.nan, pixels[0] * scale - 20)
    wanted = zonal_stats(SHAPES[:2], physical, affine=grid(1, 1).affine, nodata=math.nan, stats=names)
    for name in names:
        assert table[f"b_{name}"].tolist() == pytest.approx([row[name] for row in wanted]), name


def test_every_integer_is_a_value_without_nodata(tmp_path: Path) -> None:
    pixels = scene()
    pixels[:, ::7] = -999
    band = BandEncoding("b", "int16")
    rasters = areas(tmp_path, pixels, nodata=None)
    row = measure(zones([box(499_950, 4_998_800, 500_050, 5_000_000)]), rasters, bands=[band]).iloc[0]
    inside = pixels[0, :, :5]
    assert (row["b_count"], row["b_min"], row["b_sum"]) == (inside.size, -999, inside.sum())
    assert row["b_nodata"] == inside.size, "as many pixels lie west of the rasters as on them"


def test_nan_is_no_value_in_floats_without_nodata(tmp_path: Path) -> None:
    pixels = scene().astype("float32")
    pixels[pixels == -1] = np.nan
    rasters = areas(tmp_path, pixels, nodata=None)
    row = measure(zones(SHAPES[:1]), rasters, bands=[BandEncoding("b", "float32")]).iloc[0]
    (wanted,) = zonal_stats(SHAPES[0], scene()[0], affine=grid(1, 1).affine, nodata=-1, stats="count min max nodata")
    assert (row["b_count"], row["b_min"], row["b_max"]) == (wanted["count"], wanted["min"], wanted["max"])
    assert row["b_nodata"] == wanted["nodata"]


def test_several_bands_are_measured_by_name(tmp_path: Path) -> None:
    pixels = np.concatenate([scene(), scene() + 100])
    path = write_raster(tmp_path / "a.tif", grid(HEIGHT, WIDTH), pixels, nodata=-1, names=("x", "y"))
    bands = [BandEncoding("y", "int16", nodata=-1), BandEncoding("x", "int16", nodata=-1)]
    row = measure(zones(SHAPES[1:2]), [path], bands=bands, statistics=["min"]).iloc[0]
    assert row["y_min"] >= 99
    assert row["x_min"] < 50


def test_zones_in_another_crs_hold_the_right_pixel_centres(tmp_path: Path) -> None:
    """The centres are taken to longitude and latitude and looked up there; edges on a parallel are arcs in UTM."""
    shape = shapely.Polygon([(14.9, 44.90), (15.9, 44.93), (15.9, 45.3), (15.2, 45.1), (14.9, 45.3)])
    big = grid(600, 800, left=492_000, top=5_017_000)
    big = type(big)(big.shape, big.affine @ big.affine.scale(10), big.crs)
    values = np.arange(600 * 800, dtype="int32").reshape(1, 600, 800)
    path = write_raster(tmp_path / "big.tif", big, values)
    row = measure(zones([shape], CRS("EPSG:4326")), [path], bands=[BandEncoding("b", "int32")]).iloc[0]
    x, y = np.meshgrid(492_050 + 100 * np.arange(800), 5_016_950 - 100 * np.arange(600))
    lon, lat = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True).transform(x, y)
    inside = shapely.contains_xy(shape, lon, lat)
    one_metre = 1 / 80_000
    on_the_edge = shapely.dwithin(shape.boundary, shapely.points(lon, lat), one_metre)
    assert on_the_edge.sum() < 100, "straight edges in UTM would miss several hundred pixels"
    assert 100_000 < inside.sum() < inside.size
    assert abs(row["b_count"] - inside.sum()) <= on_the_edge.sum()
    assert row["b_mean"] == pytest.approx(values[0][inside].mean(), rel=1e-4)


def test_a_zone_beyond_the_date_line_finds_a_grid_of_unbroken_longitudes(tmp_path: Path) -> None:
    geobox = type(grid(1, 1))((20, 40), grid(1, 1).affine.from_gdal(170, 0.5, 0, -10, 0, -0.5), "EPSG:4326")
    values = np.arange(800, dtype="int16").reshape(1, 20, 40)
    path = write_raster(tmp_path / "pacific.tif", geobox, values)
    fiji = shapely.MultiPolygon([box(177, -19, 180, -16), box(-180, -17, -179, -16)])
    row = measure(zones([fiji], CRS("EPSG:4326")), [path], bands=[BandEncoding("b", "int16")]).iloc[0]
    (wanted,) = zonal_stats(
        shapely.union(box(177, -19, 180, -16), box(180, -17, 181, -16)),
        values[0],
        affine=geobox.affine,
        stats="count sum",
    )
    assert (row["b_count"], row["b_sum"]) == (wanted["count"], wanted["sum"])
    assert row["b_count"] == 36 + 4


def test_a_huge_zone_is_cut_to_the_rasters(tmp_path: Path) -> None:
    rasters = areas(tmp_path, scene())
    huge = affinity.scale(SHAPES[0], 1e4, 1e4)
    row = measure(zones([huge]), rasters, statistics=["count", "mean"]).iloc[0]
    valid = scene()[scene() != -1]
    assert (row["b_count"], row["b_mean"]) == (valid.size, pytest.approx(valid.mean()))


def test_progress_counts_zones(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    measure(zones(), areas(tmp_path, scene()), progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 5) for done in (1, 2, 3, 4, 5)]


def test_rasters_off_a_common_lattice_are_refused(tmp_path: Path) -> None:
    rasters = areas(tmp_path, scene())
    rasters.append(write_raster(tmp_path / "off.tif", grid(9, 9, left=502_003), np.zeros((1, 9, 9), "int16")))
    with pytest.raises(GridMismatchError, match=r"off\.tif: .*200\.3 columns"):
        measure(zones(), rasters)


def test_a_raster_without_the_band_is_named(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "a.tif", grid(HEIGHT, WIDTH), scene(), names=("other",))
    with pytest.raises(TilesError, match=r"a\.tif: bands other, expected b"):
        measure(zones(), [path])
