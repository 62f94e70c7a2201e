"""Real files: Earth Engine's own tiles and rasters, countries, and rasterstats' published expectations."""

import datetime as dt
import math
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
from rasterstats import zonal_stats
from rio_cogeo.cogeo import cog_validate

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.shapes import contiguous_longitudes
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.errors import TilesError
from eo_pipeline.steps.mosaics.make_mosaic import make_mosaic
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline.storage.rasters import read_header
from eo_pipeline.storage.vectors import read_zones
from eo_pipeline_tests.raster_files import REAL_DATA, needs_real_data, read_raster

pytestmark = needs_real_data

FLDAS = REAL_DATA / "ee_fldas_lst" / "RadT_tavg_202301.tif"
FLDAS_TILES = sorted((REAL_DATA / "derived" / "ee_named_tiles").glob("fldas_*.tif"))
COUNTRIES = REAL_DATA / "naturalearth_110m" / "naturalearth_lowres.shp"
RADIATIVE = BandEncoding("RadT_tavg", "float32", nodata=math.nan, units="K")
STATISTICS = ("count", "mean", "sum", "std", "min", "max", "median", "range", "unique", "percentile_90", "majority")


def measure(zones: Path, rasters: list[Path], id_column: str, wanted: Wanted) -> pd.DataFrame:
    january = Period(dt.datetime(2023, 1, 1, tzinfo=dt.UTC), dt.datetime(2023, 2, 1, tzinfo=dt.UTC), "2023-01")
    return measure_zones(read_zones(zones, id_column=id_column), rasters, wanted, january)


def test_tiles_with_earth_engine_names_give_the_source_back(tmp_path: Path) -> None:
    target = read_header(FLDAS).geobox
    path = tmp_path / "m.tif"
    report = make_mosaic(FLDAS_TILES, target=target, bands=[RADIATIVE], path=path, tags={})
    source = read_raster(FLDAS)
    assert np.array_equal(read_raster(path), source, equal_nan=True)
    assert cog_validate(path, strict=True)[0]
    summary = report.bands[0]
    assert (report.tiles, report.gap_pixels) == (4, 0)
    assert (summary.minimum, summary.maximum) == (np.nanmin(source), np.nanmax(source))
    assert summary.valid_share == np.isfinite(source).mean()


def test_an_export_without_nodata_gives_the_source_back(tmp_path: Path) -> None:
    source = REAL_DATA / "eedl_own" / "tests" / "_ee_export_test_image.tif"
    tiles = sorted((REAL_DATA / "derived" / "ee_named_tiles").glob("eedl_*.tif"), reverse=True)
    band = BandEncoding("B8", "uint16", scale=1e-4)
    path = tmp_path / "m.tif"
    report = make_mosaic(tiles, target=read_header(source).geobox, bands=[band], path=path, tags={})
    assert np.array_equal(read_raster(path), read_raster(source))
    assert report.bands[0].valid_share == 1.0


def test_a_truncated_real_tile_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.tif"
    path.write_bytes(FLDAS_TILES[0].read_bytes()[:200_000])
    with pytest.raises(TilesError, match=r"cut\.tif"):
        make_mosaic([path], target=read_header(FLDAS).geobox, bands=[RADIATIVE], path=tmp_path / "m.tif", tags={})
    assert not (tmp_path / "m.tif").exists()


@pytest.mark.parametrize("rasters", [[FLDAS], FLDAS_TILES], ids=["one raster", "four tiles"])
def test_countries_answer_like_rasterstats_on_the_source(rasters: list[Path]) -> None:
    table = measure(COUNTRIES, rasters, "name", Wanted((RADIATIVE,), STATISTICS))
    affine = read_header(FLDAS).geobox.affine
    source = read_raster(FLDAS)[0].astype("float64")  # of float32 rasterstats' sums have seven digits
    wanted = zonal_stats(str(COUNTRIES), source, affine=affine, nodata=math.nan, stats=list(STATISTICS))
    assert len(table) == 177
    assert (table["RadT_tavg_count"] == 0).sum() == 102
    for statistic in STATISTICS:
        got = table[f"RadT_tavg_{statistic}"].to_numpy(dtype="float64", na_value=np.nan)
        expected = np.array([row[statistic] for row in wanted], dtype="float64")
        tolerance = {"mean": 1e-12, "sum": 1e-12, "std": 1e-12, "median": 1e-7, "percentile_90": 1e-7}.get(statistic, 0)
        assert np.allclose(got, expected, rtol=tolerance, atol=0, equal_nan=True), statistic


@pytest.mark.parametrize(
    ("raster", "all_touched", "counts", "nodata"),
    [
        ("slope.tif", False, [75, 50], [0, 0]),
        ("slope.tif", True, [95, 73], [0, 0]),
        ("slope_nodata.tif", False, [39, 31], [36, 19]),
        ("all_nodata.tif", False, [0, 0], [75, 50]),
        ("dataset_mask.tif", False, [75, 0], None),
    ],
)
def test_the_counts_rasterstats_publishes(
    raster: str, all_touched: bool, counts: list[int], nodata: list[int] | None
) -> None:
    folder = REAL_DATA / "rasterstats"
    band = BandEncoding("slope", "float32", nodata=None if nodata is None else -9999)
    names = ["count", "nodata", "mean"]
    wanted = Wanted((band,), tuple(names), rule=Rule.ALL_TOUCHED if all_touched else Rule.CENTER)
    table = measure(folder / "polygons.shp", [folder / raster], "id", wanted)
    assert table["slope_count"].tolist() == counts
    assert nodata is None or table["slope_nodata"].tolist() == nodata
    if counts == [75, 50]:
        assert round(table["slope_mean"].iloc[0], 2) == 14.66


def test_the_classes_rasterstats_publishes() -> None:
    folder = REAL_DATA / "rasterstats"
    lowest = float(np.finfo("float32").min)
    band = BandEncoding("class", "float32", nodata=lowest, kind="categorical")
    names = ["count", "majority", "unique", "percentile_90"]
    table = measure(folder / "polygons.shp", [folder / "slope_classes.tif"], "id", Wanted((band,), tuple(names)))
    assert table["class_majority"].iloc[0] == 1.0
    assert table["class_unique"].iloc[0] == 1
    assert table["class_percentile_90"].iloc[1] == 5.0


def test_the_numbers_of_classes_rasterstats_publishes(tmp_path: Path) -> None:
    folder = REAL_DATA / "rasterstats"
    lowest = float(np.finfo("float32").min)
    wanted = Wanted(
        (BandEncoding("class", "float32", nodata=lowest, kind="categorical"),), ("count",), classes=(1, 2, 3, 4, 5)
    )
    table = measure(folder / "polygons.shp", [folder / "slope_classes.tif"], "id", wanted)
    assert table["class_class_1_count"].iloc[0] == 75
    assert table["class_class_5_count"].iloc[1] > 0
    assert table.filter(like="_class_").sum(axis=1).tolist() == [75, 50]


def test_what_rasterstats_publishes_where_a_class_means_no_value(tmp_path: Path) -> None:
    folder = REAL_DATA / "rasterstats"
    with rasterio.open(folder / "slope_classes.tif") as source:
        profile, pixels = source.profile | {"nodata": 1.0}, source.read()
    with rasterio.open(tmp_path / "classes.tif", "w", **profile) as target:
        target.write(pixels)
    band = BandEncoding("class", "float32", nodata=1.0, kind="categorical")
    names = ("count", "majority", "minority", "percentile_90")
    table = measure(folder / "polygons.shp", [tmp_path / "classes.tif"], "id", Wanted((band,), names))
    assert table["class_count"].tolist() == [0, 49]
    assert table["class_minority"].iloc[1] == 2.0
    assert pd.isna(table["class_majority"].iloc[0])
    assert pd.isna(table["class_percentile_90"].iloc[0])
    assert table["class_percentile_90"].iloc[1] == 5.0


def test_zones_beside_the_raster_have_the_counts_rasterstats_publishes() -> None:
    folder = REAL_DATA / "rasterstats"
    zones = read_zones(folder / "polygons_no_overlap.shp", id_column="id")
    wanted = Wanted((BandEncoding("slope", "float32", nodata=-9999),), ("count",))
    table = measure(folder / "polygons_no_overlap.shp", [folder / "slope.tif"], "id", wanted)
    assert table["slope_count"].tolist() == [0] * len(zones.ids)


def test_zones_that_meet_the_raster_in_part_have_pixels(tmp_path: Path) -> None:
    folder = REAL_DATA / "rasterstats"
    frame = geopandas.read_file(folder / "polygons_partial_overlap.shp")
    frame["row"] = range(len(frame))
    frame.to_file(tmp_path / "zones.gpkg")
    band = BandEncoding("slope", "float32", nodata=-9999)
    table = measure(tmp_path / "zones.gpkg", [folder / "slope.tif"], "row", Wanted((band,), ("count",)))
    assert (table["slope_count"] > 0).all()


def test_fiji_alone_comes_together_across_the_date_line() -> None:
    zones = read_zones(COUNTRIES, id_column="name")
    fiji = zones.geometries[zones.ids.index("Fiji")]
    assert fiji.bounds[0] == -180
    (moved,) = contiguous_longitudes([fiji])
    assert moved.bounds[2] - moved.bounds[0] < 4
    assert moved.area == pytest.approx(fiji.area)
    assert contiguous_longitudes(zones.geometries) == zones.geometries
