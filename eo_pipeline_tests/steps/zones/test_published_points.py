"""Points and polygons whose values others published: EEDL's centroids, rasterstats' points."""

import datetime as dt
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest
from exactextract import exact_extract  # type: ignore[import-untyped]  # exactextract has no types
from rasterstats import zonal_stats

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline.steps.zones.wanted_zones import KINDS
from eo_pipeline.storage.vectors import read_zones
from eo_pipeline_tests.raster_files import REAL_DATA, needs_real_data

pytestmark = needs_real_data

EEDL = REAL_DATA / "eedl_own" / "tests"
IMAGE, VECTORS = EEDL / "_ee_export_test_image.tif", EEDL / "test_vectors.gpkg"
B8 = BandEncoding("B8", "uint16")
RASTERSTATS = REAL_DATA / "rasterstats"
JANUARY = Period(dt.datetime(2023, 1, 1, tzinfo=dt.UTC), dt.datetime(2023, 2, 1, tzinfo=dt.UTC), "2023-01")


def measured(file: Path, raster: Path, wanted: Wanted, *, id_column: str, layer: str | None = None) -> pd.DataFrame:
    zones = read_zones(file, id_column=id_column, layer=layer, kinds=KINDS)
    assert zones.kind == wanted.kind
    return measure_zones(zones, [raster], wanted, JANUARY).set_index(id_column)


def test_centroids_have_the_values_that_eedl_expects() -> None:
    wanted = Wanted((B8,), ("mean", "count"), kind="points")
    table = measured(VECTORS, IMAGE, wanted, id_column="UniqueID", layer="test_polys_centroids")
    expected = pd.read_csv(EEDL / "test_results_point_query_nodata-9999.csv").set_index("UniqueID")
    assert table["B8_mean"].to_dict() == expected["value"].to_dict() == expected["expected_centroid_value"].to_dict()
    assert set(table["B8_count"]) == {1}


@pytest.mark.parametrize("rule", [Rule.CENTER, Rule.ALL_TOUCHED])
def test_eedl_s_polygons_have_the_numbers_of_rasterstats(rule: Rule) -> None:
    names = ("count", "sum", "mean", "min", "max", "median", "majority", "minority", "unique", "nodata")
    table = measured(VECTORS, IMAGE, Wanted((B8,), names, rule=rule), id_column="UniqueID", layer="test_polys")
    shapes = geopandas.read_file(VECTORS, layer="test_polys").geometry
    touched = rule is Rule.ALL_TOUCHED
    expected = zonal_stats(shapes, str(IMAGE), nodata=-999, stats=list(names), all_touched=touched)
    for (_, row), found in zip(table.iterrows(), expected, strict=True):
        for name in names:
            assert row[f"B8_{name}"] == found[name], name


def test_eedl_s_polygons_have_the_numbers_of_exactextract() -> None:
    names = {"count": "count", "mean": "mean", "std": "stdev", "median": "median", "mode": "mode", "variety": "variety"}
    table = measured(
        VECTORS, IMAGE, Wanted((B8,), tuple(names), rule=Rule.FRACTIONAL), id_column="UniqueID", layer="test_polys"
    )
    features = exact_extract(str(IMAGE), geopandas.read_file(VECTORS, layer="test_polys"), list(names.values()))
    for (_, row), feature in zip(table.iterrows(), features, strict=True):
        for name, other in names.items():
            tolerance = 1.0 if name == "median" else 1e-6 * abs(row[f"B8_{name}"])  # it cuts medians of integers off
            assert abs(row[f"B8_{name}"] - feature["properties"][other]) <= tolerance, name


def test_points_have_the_values_that_rasterstats_publishes(tmp_path: Path) -> None:
    frame = geopandas.read_file(RASTERSTATS / "points.shp").assign(row=np.arange(3))
    frame.to_file(tmp_path / "points.gpkg")
    slope = BandEncoding("slope", "float32", nodata=-9999)
    wanted = Wanted((slope,), ("mean", "count"), kind="points")
    table = measured(tmp_path / "points.gpkg", RASTERSTATS / "slope.tif", wanted, id_column="row")
    assert table["slope_count"].tolist() == [1, 1, 1]
    assert [round(mean, 3) for mean in table["slope_mean"]][:2] == [11.386, 35.547]


def test_several_points_are_one_zone_as_rasterstats_publishes(tmp_path: Path) -> None:
    frame = geopandas.read_file(RASTERSTATS / "points.shp")
    together = geopandas.GeoDataFrame({"row": [0]}, geometry=[frame.geometry.union_all()], crs=frame.crs)
    together.to_file(tmp_path / "points.gpkg")
    wanted = Wanted((BandEncoding("slope", "float32", nodata=-9999),), ("count",), kind="points")
    table = measured(tmp_path / "points.gpkg", RASTERSTATS / "slope.tif", wanted, id_column="row")
    assert table["slope_count"].tolist() == [3]
