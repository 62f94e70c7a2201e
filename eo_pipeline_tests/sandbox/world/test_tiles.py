import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.world.tiles import SIDE_METRES, Tile, tile_of, wrapped
from eo_pipeline_tests.sandbox.world.conftest import tiles_of


@pytest.mark.parametrize(
    ("name", "crs", "origin"),
    [
        ("33UWP", "EPSG:32633", (499980, 5400000)),
        ("31UFS", "EPSG:32631", (600000, 5700000)),
        ("32TPT", "EPSG:32632", (600000, 5300040)),
        ("55HFA", "EPSG:32755", (600000, 6100000)),
        ("18SUJ", "EPSG:32618", (300000, 4400040)),
        ("34HBH", "EPSG:32734", (199980, 6300040)),
    ],
)
def test_names_and_corners_are_those_of_real_tiles(name: str, crs: str, origin: tuple[int, int]) -> None:
    tile = tile_of(name)
    assert tile is not None
    assert (tile.name, tile.crs, tile.origin) == (name, crs, origin)


@pytest.mark.parametrize("name", ["33UWI", "61UWP", "33UAP", "33IWP", "", "00UWP"])
def test_names_of_no_tile_give_none(name: str) -> None:
    assert tile_of(name) is None


def test_every_tile_of_a_region_has_its_name_back() -> None:
    for tile in tiles_of(shapely.box(-20, -40, 20, 60)):
        assert tile_of(tile.name) == tile


def test_names_are_unique_in_the_world() -> None:
    names = [tile.name for tile in tiles_of(None)]
    assert len(names) == len(set(names)) > 15_000


def test_every_place_lies_in_a_tile() -> None:
    rng = np.random.default_rng(1)
    for longitude, latitude in zip(rng.uniform(-180, 180, 60), rng.uniform(-55, 82, 60), strict=True):
        place = shapely.Point(longitude, latitude)
        assert any(wrapped(tile.outline).contains(place) for tile in tiles_of(place)), place


def test_neighbours_overlap_by_ten_kilometres() -> None:
    left, right = Tile(33, False, 5, 53), Tile(33, False, 6, 53)
    assert left.origin[0] + SIDE_METRES - right.origin[0] == 9780
    assert left.outline.intersects(right.outline)


def test_a_tile_across_the_antimeridian_is_cut() -> None:
    tiles = list(tiles_of(shapely.box(179.9, 66, 180, 67)))
    cut = [wrapped(tile.outline) for tile in tiles]
    assert any(outline.geom_type == "MultiPolygon" for outline in cut)
    assert all(outline.bounds[0] >= -180 and outline.bounds[2] <= 180 for outline in cut)
    beyond = {tile.name for tile in tiles_of(shapely.box(-180, 66, -179.9, 67))}
    assert beyond & {tile.name for tile in tiles}
