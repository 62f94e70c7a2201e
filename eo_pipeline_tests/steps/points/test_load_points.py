"""What is wrong with points is told by file, column and point; each belongs to one area."""

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from eo_pipeline.core.chips.regions import Regions
from eo_pipeline.core.grids import cells, whole_area
from eo_pipeline.core.product import Product
from eo_pipeline.errors import EoPipelineError
from eo_pipeline.steps.points.load_points import LoadedPoints, load_points
from eo_pipeline_tests.scenes import BOX, CRS, LEFT, TOP, Service, scenes_product

REGION = shapely.box(BOX[0], BOX[1], BOX[2], BOX[3])
DEGREES = {"x": "lon", "y": "lat"}


def product(**points: Any) -> Product:
    return scenes_product(points={"id": "station", **points})


def load(service: Service, made: Product, file: Path | None, *, tile: int | None = None) -> LoadedPoints:
    assert made.points is not None
    lattice = made.area.lattice
    found = whole_area(lattice, BOX) if tile is None else cells(lattice, tile=tile, cover=[REGION])
    regions = Regions({area.key: area for area in found}, {})
    return load_points(made, made.points, regions, file, lambda: service.session)


def csv(folder: Path, text: str) -> Path:
    path = folder / "stations.csv"
    path.write_text(text)
    return path


def test_columns_of_a_csv_are_coordinates_in_any_crs(service: Service, tmp_path: Path) -> None:
    rows = [(f"{n:03d}", LEFT + 10 * n, TOP - 5) for n in range(5)]
    text = "station,east,north,name\n" + "".join(f"{name},{x},{y},x\n" for name, x, y in rows)
    made = product(file="stations.csv", x="east", y="north", crs=CRS)
    found = load(service, made, csv(tmp_path, text))
    assert found.points.ids.tolist() == ["000", "001", "002", "003", "004"]
    np.testing.assert_array_equal(found.points.x, [x for _, x, _ in rows])
    longitude, latitude = geopandas.points_from_xy([LEFT + 100.0], [TOP - 100.0], crs=CRS).to_crs(4326)[0].coords[0]
    there = load(
        service, product(file="stations.csv", **DEGREES), csv(tmp_path, f"station,lat,lon\na,{latitude},{longitude}\n")
    )
    np.testing.assert_allclose([there.points.x[0], there.points.y[0]], [LEFT + 100, TOP - 100], atol=1e-3)


def test_every_point_belongs_to_one_cell_and_others_are_told(service: Service, tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    x, y = random.uniform(LEFT - 50, LEFT + 350, 500), random.uniform(TOP - 300, TOP + 50, 500)
    names = [f"s{n}" for n in range(500)]
    path = tmp_path / "stations.gpkg"
    geopandas.GeoDataFrame({"station": names}, geometry=geopandas.points_from_xy(x, y), crs=CRS).to_file(path)
    found = load(service, product(file="stations.gpkg"), path, tile=4)
    per_area = [set(found.of(area).ids) for area in found.areas]
    outside = set(found.outside.ids)
    assert len(per_area) == 30
    assert sum(map(len, per_area)) + len(outside) == 500
    assert set.union(*per_area, outside) == set(names)
    box = REGION
    assert outside == {name for name, inside in zip(names, shapely.contains_xy(box, x, y), strict=True) if not inside}


WRONG = {
    "twice": (
        "station,lon,lat\na,15,46.9\na,15,46.8\n",
        r"column 'station': expected every id once, got 1 repeated \(a\)",
    ),
    "no id": (
        "station,lon,lat\n,15,46.9\nb,15,46.8\n",
        r"column 'station': expected an id for every place, got none in 1",
    ),
    "no number": (
        "station,lon,lat\na,15,46.9\nb,here,46.9\nc,,46.9\n",
        r"column 'lon': expected a number for every point, got 2 other value\(s\) \(b: here, c: nothing\); correct or",
    ),
    "nobody": ("station,lon,lat\n", r"expected points, got a file without lines; add some or name another file"),
    "no column": (
        "station,x,lat\na,15,46.9\n",
        r"expected a CSV with the columns station, lon, lat, got: .*lon.*; correct",
    ),
    "elsewhere": (
        "station,lon,lat\na,46.9,15\nb,47,16\n",
        r"stations.csv: expected points in the areas of scenes, got 2 elsewhere \(x .* in EPSG:32633\); correct",
    ),
    "nowhere": (
        "station,lon,lat\na,15,146\nb,15,46.9\n",
        r"expected points that the CRS of `area` can show, got 1 others",
    ),
}


@pytest.mark.parametrize("case", list(WRONG))
def test_what_is_wrong_is_told(service: Service, tmp_path: Path, case: str) -> None:
    text, message = WRONG[case]
    with pytest.raises(EoPipelineError, match=message):
        load(service, product(file="stations.csv", **DEGREES), csv(tmp_path, text))


def test_ids_of_a_csv_stay_as_they_are_written(service: Service, tmp_path: Path) -> None:
    found = load(
        service, product(file="stations.csv", **DEGREES), csv(tmp_path, "station,lon,lat\n007,15.001,46.952\n")
    )
    assert found.points.ids.tolist() == ["007"]


def test_a_table_that_is_none_is_told(service: Service) -> None:
    with pytest.raises(EoPipelineError, match=r"got IMAGE_COLLECTION at local/scenes; correct the id"):
        load(service, product(asset="local/scenes"), None)
    with pytest.raises(
        EoPipelineError, match=r"points\.asset: expected a table that Earth Engine has, got nothing at a/b"
    ):
        load(service, product(asset="a/b"), None)


def test_a_table_of_polygons_is_refused(service: Service) -> None:
    countries = scenes_product(points={"id": "ADM0_NAME", "asset": "FAO/GAUL/2015/level0"})
    with pytest.raises(EoPipelineError, match=r"FAO/GAUL/2015/level0: expected points only, got other shapes \(.*Afgh"):
        load(service, countries, None)


def test_the_file_of_no_crs_or_column_is_refused(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "stations.gpkg"
    geopandas.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(LEFT, TOP)], crs=CRS).to_file(path)
    with pytest.raises(EoPipelineError, match="station"):
        load(service, product(file="stations.gpkg"), path)
