"""Shards with land: counted independently by points in polygons, in plain and in awkward coordinate systems."""

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from odc.geo.crs import CRS
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

from eo_pipeline.core.cubes.cube_template import CubeTemplate
from eo_pipeline.core.cubes.discard import Shapes, kept_shards
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import CubeError
from eo_pipeline_tests.core.cubes.ground import cube, holding, widened

DEGREES = CRS("EPSG:4326")


def blob(x: float, y: float, radius: float, corners: int = 4000) -> shapely.Polygon:
    """A jagged island, degrees."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    out = radius * (1 + 0.15 * np.sin(5 * turn) + 0.05 * np.sin(53 * turn))
    return shapely.Polygon(np.column_stack([x + out * np.cos(turn), y + out * np.sin(turn)]))


def with_land(template: CubeTemplate, land: BaseGeometry, *, buffer: float = 0.0) -> NDArray[np.bool_]:
    return kept_shards(template, land=Shapes(tuple(shapely.get_parts(land)), DEGREES, buffer)).shards


def check_against_points(template: CubeTemplate, land: BaseGeometry, *, slack: float) -> NDArray[np.bool_]:
    """No shard with land is discarded, and none is kept that has no land within `slack` degrees."""
    kept = with_land(template, land)
    there = holding(template, land)
    assert there.any()
    assert not (there & ~kept).any()
    assert not (kept & ~holding(template, widened(land, slack))).any()
    return kept


ISLANDS = shapely.MultiPolygon([blob(10, 50, 8), blob(30, 30, 12), blob(-60, -10, 15), blob(-3, 61, 1.5)])


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(cube("EPSG:4326", left=-80, top=70, shards=(25, 30), size=5), id="degrees"),
        pytest.param(cube("EPSG:4326", left=-80, top=-55, shards=(25, 30), size=5, south_up=True), id="south up"),
        pytest.param(cube("EPSG:3035", left=2.5e6, top=5.5e6, shards=(42, 50), size=1e5), id="LAEA Europe"),
        pytest.param(cube("EPSG:32632", left=-2e5, top=6.9e6, shards=(30, 15), size=1e5), id="UTM"),
        pytest.param(cube("EPSG:3857", left=-1e7, top=1e7, shards=(24, 30), size=5e5), id="Web Mercator"),
        pytest.param(
            cube("EPSG:6933", left=-17_367_530, top=7_314_540, shards=(20, 48), size=723_647), id="equal area"
        ),
    ],
)
def test_land_is_found_where_points_find_it(template: CubeTemplate) -> None:
    kept = check_against_points(template, ISLANDS, slack=0.5)
    assert 0.02 < kept.mean() < 0.6


def test_the_share_that_is_discarded() -> None:
    template = cube("EPSG:4326", left=0, top=4, shards=(4, 5), size=1)
    land = shapely.box(0.5, 0.5, 1.5, 3.5)
    kept = kept_shards(template, land=Shapes((land,), DEGREES))
    assert kept.shards.sum() == 8
    assert kept.discarded_share == pytest.approx(12 / 20)
    assert kept.of(Rectangle(512, 512, 1536, 1536)).tolist() == [[True, False], [True, False]]
    assert kept_shards(template).discarded_share == 0


def test_a_shard_that_only_touches_is_discarded() -> None:
    template = cube("EPSG:32633", left=400_000, top=5_400_000, shards=(5, 5), size=25_600)
    west, north = 400_000 + 2 * 25_600, 5_400_000 - 2 * 25_600
    area = Shapes((shapely.box(west, north - 25_600, west + 25_600, north),), CRS("EPSG:32633"))
    assert np.argwhere(kept_shards(template, area=area).shards).tolist() == [[2, 2]]


def test_land_and_area_both_count() -> None:
    template = cube("EPSG:4326", left=0, top=4, shards=(4, 4), size=1)
    land, area = shapely.box(0, 0, 2, 4), shapely.box(1, 0, 4, 2)
    kept = kept_shards(template, land=Shapes((land,), DEGREES), area=Shapes((area,), DEGREES))
    assert np.argwhere(kept.shards).tolist() == [[2, 1], [3, 1]]


@pytest.mark.parametrize("latitude", [0.0, 50.0, 78.0])
def test_a_buffer_is_in_metres_of_the_ground(latitude: float) -> None:
    template = cube("EPSG:4326", left=0, top=latitude + 0.5, shards=(10, 60), size=0.1)
    island = shapely.box(2.95, latitude - 0.01, 3.05, latitude + 0.01)
    kept = with_land(template, island, buffer=20_000)
    row = 5
    away = [Geod(ellps="WGS84").inv(3.05, latitude, 0.1 * column, latitude)[2] for column in range(31, 60)]
    for column, metres in zip(range(31, 60), away, strict=True):
        if metres < 20_000:
            assert kept[row, column]
        if metres > 26_000:
            assert not kept[row, column]
    assert not with_land(template, island)[row, 32]


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(cube("EPSG:4326", left=170, top=5, shards=(10, 20), size=1), id="degrees to 190"),
        pytest.param(cube("EPSG:4326", left=-190, top=5, shards=(10, 20), size=1), id="degrees from -190"),
        pytest.param(cube("EPSG:32601", left=-2e5, top=5e5, shards=(10, 14), size=1e5), id="UTM 1"),
        pytest.param(cube("EPSG:32660", left=1e5, top=5e5, shards=(10, 14), size=1e5), id="UTM 60"),
        pytest.param(cube("EPSG:3832", left=2.5e6, top=5e5, shards=(10, 20), size=1e5), id="Mercator around 150"),
    ],
)
def test_land_on_both_sides_of_180(template: CubeTemplate) -> None:
    west, east = shapely.box(178.2, -1.3, 180, 1.2), shapely.box(-180, -0.7, -177.9, 2.1)
    kept = check_against_points(template, shapely.MultiPolygon([west, east]), slack=0.05)
    unbroken = shapely.union(west, shapely.box(180, -0.7, 182.1, 2.1))
    assert (with_land(template, unbroken) == kept).all()
    assert kept.sum() < 40


@pytest.mark.parametrize(("crs", "seam"), [("EPSG:3832", -30.0), ("+proj=sinu +lon_0=150 +R=6371007.181", -30.0)])
def test_land_at_a_projections_seam_is_not_smeared_over_the_map(crs: str, seam: float) -> None:
    template = cube(crs, left=-20_015_109, top=10_007_555, shards=(18, 36), size=1_111_950)
    land = shapely.MultiPolygon([shapely.box(seam - 6, 10, seam + 7, 22), shapely.box(140, -30, 150, -20)])
    kept = check_against_points(template, land, slack=0.5)
    assert kept.sum() < 20


@pytest.mark.parametrize(("crs", "south"), [("EPSG:3031", True), ("EPSG:3413", False)])
def test_a_cube_around_a_pole(crs: str, south: bool) -> None:  # a parameter of the test
    template = cube(crs, left=-4e6, top=4e6, shards=(40, 40), size=2e5)
    side = -1 if south else 1
    low, high = sorted((side * 82.5, side * 90.0))
    land = shapely.MultiPolygon(
        [shapely.box(-180, low, 180, high), blob(40, side * 68, 4), blob(178.5, side * 72, 0.9)]
    )
    kept = check_against_points(template, land, slack=0.5)
    assert kept[19:21, 19:21].all()
    assert 0.02 < kept.mean() < 0.2
    buffered = with_land(template, land, buffer=25_000)
    assert not (kept & ~buffered).any()
    assert buffered.mean() < kept.mean() * 1.6


def test_a_global_sinusoidal_cube() -> None:
    template = cube("+proj=sinu +R=6371007.181", left=-20_015_109, top=10_007_555, shards=(18, 36), size=1_111_950)
    land = shapely.MultiPolygon([*ISLANDS.geoms, shapely.box(170, -20, 180, -10), shapely.box(-180, -90, 180, -75)])
    kept = check_against_points(template, land, slack=0.5)
    assert kept.sum() < 120


def test_an_area_in_another_projected_system() -> None:
    template = cube("EPSG:32633", left=300_000, top=5_600_000, shards=(10, 10), size=50_000)
    area = shapely.Point(4_600_000, 2_800_000).buffer(90_000)
    to_degrees = Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True)
    ring = shapely.segmentize(area, 500)
    in_degrees = shapely.transform(ring, lambda xy: np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1])))
    kept = kept_shards(template, area=Shapes((area,), CRS("EPSG:3035"))).shards
    there = holding(template, in_degrees, each=64)
    assert not (there & ~kept).any()
    assert not (kept & ~holding(template, widened(in_degrees, 0.02), each=64)).any()
    assert 5 < kept.sum() < 40


def test_what_cannot_be_brought_over_is_refused() -> None:
    template = cube("EPSG:3413", left=-4e6, top=4e6, shards=(4, 4), size=2e6)
    cap = shapely.Point(0, 0).buffer(1e6)
    with pytest.raises(CubeError, match="holds a pole; store it in EPSG:4326 or in the cube's CRS"):
        kept_shards(template, area=Shapes((cap,), CRS("EPSG:3995")))
    assert kept_shards(template, area=Shapes((cap,), CRS("EPSG:3413"))).shards.sum() == 4
    with pytest.raises(CubeError, match="expected a buffer of 0 to 50000 m, got 60000"):
        kept_shards(template, land=Shapes((shapely.box(0, 0, 1, 1),), DEGREES, 60_000))


def test_no_land_near_discards_all() -> None:
    template = cube("EPSG:32601", left=3e5, top=5e5, shards=(3, 3), size=1e5)
    assert kept_shards(template, land=Shapes((shapely.box(10, 40, 20, 50),), DEGREES)).discarded_share == 1
