"""Municipalities of an island: classes, their ground and people's heights, against exactextract and geodesic areas."""

import datetime as dt
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest
import rasterio
from exactextract import exact_extract  # type: ignore[import-untyped]  # exactextract has no types
from exactextract.raster import NumPyRasterSource  # type: ignore[import-untyped]  # exactextract has no types
from numpy.typing import NDArray
from pyproj import Geod
from rasterstats import zonal_stats

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.periods import Period
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline.steps.zones.measure_zones import measure_zones
from eo_pipeline.storage.vectors import read_zones
from eo_pipeline_tests.raster_files import REAL_DATA, needs_real_data

pytestmark = needs_real_data

FOLDER = REAL_DATA / "sao_miguel"
MUNICIPALITIES = FOLDER / "concelhos.gpkg"
YEAR = Period(dt.datetime(2018, 1, 1, tzinfo=dt.UTC), dt.datetime(2019, 1, 1, tzinfo=dt.UTC), "2018")
COVER = BandEncoding("clc", "uint8", nodata=None, kind="categorical")


def band_of(name: str, folder: Path, band: BandEncoding, **more: Any) -> tuple[Path, NDArray[Any]]:
    """A raster's copy whose band has a name, and its pixels."""
    with rasterio.open(FOLDER / name) as source:
        pixels, profile = source.read(1), {**source.profile, **more}
    path = folder / name
    with rasterio.open(path, "w", **profile) as made:
        made.write(pixels, 1)
        made.descriptions = (band.name,)
    return path, pixels


def measured(path: Path, wanted: Wanted, **options: Any) -> pd.DataFrame:
    zones = read_zones(MUNICIPALITIES, id_column="name")
    return measure_zones(zones, [path], wanted, YEAR, **options).set_index("name")


def of_exactextract(path: Path, operations: list[str], **more: Any) -> list[dict[str, Any]]:
    found = exact_extract(str(path), geopandas.read_file(MUNICIPALITIES), operations, include_cols=["name"], **more)
    return [feature["properties"] for feature in found]


def geodesic_rows(path: Path) -> NDArray[np.float64]:
    """Square metres of a pixel of each row: geodesic polygons with vertices along their parallels."""
    with rasterio.open(path) as source:
        affine, height = source.transform, source.height
    x = np.linspace(affine.c, affine.c + affine.a, 3)
    around = np.concatenate([x, x[::-1]])
    tops = affine.f + affine.e * np.arange(height)
    geod = Geod(ellps="WGS84")
    areas = [geod.polygon_area_perimeter(around, np.repeat([top, top + affine.e], 3))[0] for top in tops]
    return np.abs(np.array(areas))


@pytest.fixture(scope="module")
def cover(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return band_of("clc2018_v2020_20u1.tif", tmp_path_factory.mktemp("clc"), COVER)[0]


def test_shares_of_classes_and_their_ground_are_those_of_exactextract_and_geodesics(cover: Path) -> None:
    classes = (1, 2, 12, 18, 23, 24, 26, 44)
    wanted = Wanted((COVER,), ("count", "variety", "mode"), rule=Rule.FRACTIONAL, classes=classes, areas=True)
    table, rows = measured(cover, wanted), geodesic_rows(cover)
    for found in of_exactextract(cover, ["count", "variety", "mode", "values", "coverage", "cell_id"]):
        row = table.loc[found["name"]]
        assert row["clc_count"] == pytest.approx(found["count"], rel=1e-6)
        assert (row["clc_variety"], row["clc_mode"]) == (found["variety"], found["mode"])
        ground = found["coverage"] * rows[found["cell_id"] // 3840]
        for number in classes:
            there = found["values"] == number
            assert row[f"clc_class_{number}_count"] == pytest.approx(found["coverage"][there].sum(), rel=1e-6)
            assert row[f"clc_class_{number}_area"] == pytest.approx(ground[there].sum(), rel=1e-5)


def test_all_classes_cover_the_municipality(cover: Path) -> None:
    """Its geodesic area, to 0.1 %."""
    wanted = Wanted((COVER,), ("count",), rule=Rule.FRACTIONAL, classes=(), areas=True)
    table = measured(cover, wanted, form="long").reset_index()
    areas = table[table["statistic"] == "class_area"].groupby("name")["value"].sum()
    shapes = geopandas.read_file(MUNICIPALITIES).set_index("name").geometry
    expected = {name: abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0]) for name, shape in shapes.items()}
    assert areas.to_dict() == pytest.approx(expected, rel=1e-3)


def test_whole_pixels_of_classes_are_those_of_rasterstats(cover: Path) -> None:
    wanted = Wanted((COVER,), ("majority", "minority", "unique"), classes=tuple(range(1, 49)))
    table = measured(cover, wanted)
    expected = zonal_stats(
        str(MUNICIPALITIES), str(cover), categorical=True, nodata=-1, stats="majority minority unique"
    )
    for (_, row), found in zip(table.iterrows(), expected, strict=True):
        told = {number: row[f"clc_class_{number}_count"] for number in range(1, 49) if row[f"clc_class_{number}_count"]}
        assert told == {number: count for number, count in found.items() if isinstance(number, int)}
        for name in ("majority", "minority", "unique"):
            assert row[f"clc_{name}"] == found[name]


def test_people_live_at_the_heights_that_exactextract_finds(tmp_path: Path) -> None:
    """Heights weighed by people: each of their larger pixels is cut into the 4 x 4 pixels of heights in it."""
    heights = BandEncoding("dem", "float32", nodata=float(np.finfo("float32").min))
    path, pixels = band_of("eu_dem_v11.tif", tmp_path, heights)
    with rasterio.open(FOLDER / "gpw_v411_2020_density_2020.tif") as source:
        people = np.where(source.read(1) < 0, 0, source.read(1))
    weights = tmp_path / "people.tif"
    with rasterio.open(path) as source:
        profile, bounds = {**source.profile, "nodata": None}, source.bounds
    fine = np.repeat(np.repeat(people, 4, axis=0), 4, axis=1)
    with rasterio.open(weights, "w", **profile) as made:
        made.write(fine, 1)
    wanted = Wanted((heights,), ("mean", "weighted_mean", "valid_share"), rule=Rule.FRACTIONAL)
    table = measured(path, wanted, weights=weights)
    by = NumPyRasterSource(fine, *bounds)
    features = of_exactextract(path, ["mean", "weighted_mean", "count"], weights=by)
    assert pixels.min() < 0, "the sea has no height"
    for found in features:
        row = table.loc[found["name"]]
        assert row["dem_mean"] == pytest.approx(found["mean"], rel=1e-6)
        assert row["dem_weighted_mean"] == pytest.approx(found["weighted_mean"], rel=1e-6)
        assert abs(row["dem_weighted_mean"] - row["dem_mean"]) > 10
        assert 0.9 < row["dem_valid_share"] <= 1
