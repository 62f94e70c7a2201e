"""Land of a file, of the deployment, and the project's own."""

import time
from dataclasses import replace
from pathlib import Path

import geopandas
import pytest
import shapely
from pyproj import Transformer

from eo_pipeline.core.cubes.discard import LAND_BUFFER, kept_shards
from eo_pipeline.errors import ProductError, ZonesError
from eo_pipeline.steps.load_areas import find_beside
from eo_pipeline.steps.load_land import find_land, load_land
from eo_pipeline.storage.land import LAND_CRS
from eo_pipeline_tests.core.cubes.ground import cube, holding, widened

FIELD = "cube.land"


@pytest.fixture
def island(tmp_path: Path) -> Path:
    """One island in UTM 33N, without any column."""
    path = tmp_path / "island.geojson"
    shape = shapely.box(500_000, 5_300_000, 520_000, 5_310_000)
    geopandas.GeoDataFrame(geometry=[shape], crs="EPSG:32633").to_file(path)
    return path


def test_the_products_file_comes_before_the_deployments(island: Path) -> None:
    find = find_beside(island.parent)
    assert find_land(FIELD, "island.geojson", "/nowhere", find) == (FIELD, island.resolve())
    assert find_land(FIELD, None, str(island), find) == ("EO_LAND", island.resolve())
    assert find_land(FIELD, None, "", find) is None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProductError, match=r"cube.land: expected a file at .*no.gpkg"):
        find_land(FIELD, "no.gpkg", "", find_beside(tmp_path))
    with pytest.raises(ProductError, match=r"EO_LAND: expected a file at .*no.gpkg"):
        find_land(FIELD, None, "no.gpkg", find_beside(tmp_path))


def test_a_files_polygons_come_in_degrees(island: Path) -> None:
    land = load_land((FIELD, island), buffer=500)
    assert (land.crs, land.buffer, len(land.geometries)) == (LAND_CRS, 500, 1)
    west, south, east, north = land.geometries[0].bounds
    corners = [(500_000, 5_300_000), (500_000, 5_310_000), (520_000, 5_310_000), (520_000, 5_300_000)]
    to_degrees = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    expected = shapely.MultiPoint([to_degrees.transform(x, y) for x, y in corners]).bounds
    assert (west, south, east, north) == pytest.approx(expected, abs=1e-6)


def test_a_file_that_cannot_be_used_is_told_by_its_field(tmp_path: Path) -> None:
    (tmp_path / "broken.gpkg").write_text("no")
    with pytest.raises(ZonesError, match=r"^cube.land: .*broken.gpkg: expected a file of shapes"):
        load_land((FIELD, tmp_path / "broken.gpkg"))


PLACES = {
    "Vienna": (16.37, 48.21, True),
    "São Miguel, an island of the Azores": (-25.45, 37.79, True),
    "Suva, Fiji": (178.2, -18.0, True),
    "Chukotka beyond 180": (-175.0, 66.5, True),
    "South Pole": (0.0, -90.0, True),
    "Gulf of Guinea": (0.0, 0.0, False),
    "North Pole": (0.0, 89.0, False),
    "Tasman Sea": (160.0, -38.0, False),
    "Pacific at 180": (180.0, 30.0, False),
}


@pytest.fixture(scope="module")
def own_land() -> shapely.STRtree:
    land = load_land(None)
    assert (land.crs, land.buffer) == (LAND_CRS, LAND_BUFFER)
    assert all(shape.is_valid and shape.geom_type == "Polygon" for shape in land.geometries)
    return shapely.STRtree(land.geometries)


@pytest.mark.parametrize("place", PLACES)
def test_the_projects_own_land_lies_where_land_is(own_land: shapely.STRtree, place: str) -> None:
    longitude, latitude, is_land = PLACES[place]
    assert bool(own_land.query(shapely.Point(longitude, latitude), predicate="intersects").size) == is_land


def test_ten_thousand_shards_of_two_continents() -> None:
    template = cube("EPSG:4326", left=-90, top=75, shards=(95, 106), size=512 / 360)
    land = load_land(None)
    begun = time.process_time()
    kept = kept_shards(template, land=land)
    assert time.process_time() - begun < 5
    assert kept.shards.size == 10_070

    there = holding(template, shapely.GeometryCollection(list(land.geometries)), each=6)
    exactly = kept_shards(template, land=replace(land, buffer=0.0)).shards
    assert not (there & ~exactly).any()
    assert not (exactly & ~kept.shards).any()
    near = holding(template, widened(shapely.GeometryCollection(list(land.geometries)), 0.3), each=6)
    assert not (exactly & ~near).any()
    assert 0.5 < kept.discarded_share < 0.6
