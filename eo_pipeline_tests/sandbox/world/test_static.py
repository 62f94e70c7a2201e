"""What does not change: heights in tiles, land cover, the countries' two tables."""

import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.world.covers import COVERS
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import HEIGHTS

TILES, COVER = "COPERNICUS/DEM/GLO30", "ESA/WorldCover/v200"
TRUTH = "SANDBOX/TRUTH/S2_SR_HARMONIZED"
ALPS = "Copernicus_DSM_COG_10_N40_00_E010_00_DEM"


def image(world: ProceduralWorld, image_id: str) -> ImageRecord:
    record = world.image(image_id)
    assert record is not None
    return record


def test_tiles_are_named_by_their_south_west_corner(world: ProceduralWorld) -> None:
    found = world.images(TILES, start_ms=None, end_ms=None, region=shapely.Point(-70.2, -20.4))
    assert [record.id for record in found] == [f"{TILES}/Copernicus_DSM_COG_10_S30_00_W080_00_DEM"]
    around = world.images(TILES, start_ms=None, end_ms=None, region=shapely.box(19.2, 49.2, 20.8, 50.8))
    names = [str(record.properties["system:index"])[22:] for record in around]
    assert names == [f"N{north}_00_E0{east}_00_DEM" for north in (40, 50) for east in (10, 20)]


def test_tiles_without_land_do_not_exist(world: ProceduralWorld) -> None:
    assert not list(world.images(TILES, start_ms=None, end_ms=None, region=shapely.Point(-45.5, 35.5)))
    assert not list(world.images(TILES, start_ms=None, end_ms=None, region=shapely.Polygon()))
    assert not list(world.images(TILES, start_ms=1420070400000, end_ms=None, region=shapely.Point(15.5, 48.5)))


@pytest.mark.parametrize(
    "name", ["Copernicus_DSM_COG_10_N35_00_W036_00_DEM", "Copernicus_DSM_COG_10_N95_00_E010_00_DEM", "x"]
)
def test_names_of_no_tile_give_none(world: ProceduralWorld, name: str) -> None:
    assert world.image(f"{TILES}/{name}") is None


def test_both_models_have_the_same_heights(world: ProceduralWorld) -> None:
    tile, whole = image(world, f"{TILES}/{ALPS}"), image(world, HEIGHTS)
    heights, _ = tile.bands["DEM"].read(0, 1000, 11500, 90, 60)
    column, row = (180 + 10) * 3600 + 1000, (60 - 50) * 3600 + 11500
    known, _ = whole.bands["elevation"].read(0, column, row, 90, 60)
    assert heights.dtype == np.float32
    assert np.abs(heights - known).max() <= 0.51
    assert np.ptp(heights) > 50


def test_water_is_ocean_or_inland(world: ProceduralWorld) -> None:
    coast = image(world, f"{TILES}/Copernicus_DSM_COG_10_N40_00_E010_00_DEM")
    water, _ = coast.bands["WBM"].read(0, 3 * 3600, 4 * 3600, 900, 900)
    heights, _ = coast.bands["DEM"].read(0, 3 * 3600, 4 * 3600, 900, 900)
    assert set(np.unique(water)) == {0, 1, 2}
    assert (heights[water == 1] == 0).all()
    assert (heights[water != 1] >= 1).all()


CLASSES = {"forest": 10, "meadow": 30, "steppe": 30, "town": 50, "road": 50, "desert": 60, "rock": 60, "tundra": 100}
CLASSES |= {"water": 80}


def expected_class(name: str) -> int:
    """Of WorldCover's published legend; what is no other kind of ground is a crop."""
    return next((number for word, number in CLASSES.items() if word in name), 40)


def test_land_cover_names_the_ground_that_scenes_show(world: ProceduralWorld) -> None:
    scene = next(world.images(TRUTH, start_ms=1685577600000, end_ms=None, region=shapely.Point(15.5, 48.3)))
    side, _, west, _, _, north = scene.bands["cover"].projection.transform
    cover, _ = scene.bands["cover"].read(0, 3000, 4000, 300, 300)
    x, y = scene.bands["cover"].projection.grid(3000, 4000, 300, 300).centres("EPSG:4326")
    assert (side, west, north) == (10.0, 499980.0, 5400000.0)
    source = image(world, f"{COVER}/2021").bands["Map"]
    columns, rows = np.floor((x + 180) * 12000).astype(int), np.floor((84 - y) * 12000).astype(int)
    left, top = int(columns.min()), int(rows.min())
    data, mask = source.read(0, left, top, int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)
    legend = np.array([expected_class(one.name) for one in COVERS])
    assert mask.all()
    assert (data[rows - top, columns - left] == legend[cover]).mean() > 0.85


def test_high_mountains_are_white_and_the_open_ocean_is_masked(world: ProceduralWorld) -> None:
    source = image(world, f"{COVER}/2021").bands["Map"]
    assert source.dimensions == (4_320_000, 1_728_000)
    greenland, _ = source.read(6, 140 * 12000 >> 6, 10 * 12000 >> 6, 60, 60)
    assert (greenland == 70).mean() > 0.9
    _, ocean = source.read(0, 145 * 12000, 49 * 12000, 10, 10)
    assert not ocean.any()


def test_levels_of_land_cover_are_samples(world: ProceduralWorld) -> None:
    source = image(world, f"{COVER}/2021").bands["Map"]
    x, y = 195 * 12000, 36 * 12000
    native, _ = source.read(0, x, y, 128, 128)
    level, _ = source.read(3, x >> 3, y >> 3, 16, 16)
    np.testing.assert_array_equal(level, native[::8, ::8])


def test_countries_have_the_codes_of_either_table(world: ProceduralWorld) -> None:
    rows = world.table("USDOS/LSIB_SIMPLE/2017") or ()
    codes = {str(row.properties["country_na"]): row.properties["country_co"] for row in rows}
    known = {"Austria": "AU", "Australia": "AS", "Germany": "GM", "Switzerland": "SZ", "United States": "US"}
    known |= {"China": "CH", "Chile": "CI", "Burkina Faso": "UV", "Belarus": "BO", "Brunei": "BX", "Niger": "NG"}
    assert {name: codes[name] for name in known} == known
    given = [code for code in codes.values() if code]
    assert len(given) == len(set(given)) == 173
    assert [name for name, code in codes.items() if not code] == ["Kosovo", "N. Cyprus", "Palestine", "Somaliland"]
    assert world.table("USDOS/LSIB/2017") is None
