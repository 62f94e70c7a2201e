"""Times, regions and ids that nobody should ask for, and somebody will."""

import itertools

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import ms

PLACE = shapely.Point(15.5, 48.3)
FAR = 10**18
SCENES = ("COPERNICUS/S2_SR", "LANDSAT/LC09/C02/T1_L2")


def test_far_past_and_far_future_hold_nothing(world: ProceduralWorld) -> None:
    for collection in world.collections:
        for start, end in (
            (FAR, None),
            (FAR, 2 * FAR),
            (None, -FAR),
            (-FAR, 1 - FAR),
            (ms("2023-06-02"), ms("2023-06-01")),
        ):
            assert not list(world.images(collection, start_ms=start, end_ms=end, region=PLACE)), (collection, start)


def test_the_last_centuries_can_be_listed(world: ProceduralWorld) -> None:
    for collection in world.collections:
        images = world.images(collection, start_ms=ms("9998-12-01"), end_ms=FAR, region=PLACE)
        records = list(itertools.islice(images, 20))
        assert all(record.properties["system:index"] and dict(record.properties) for record in records)
        assert bool(records) is world.collections[collection].endless


@pytest.mark.parametrize("region", [shapely.Polygon(), shapely.Point(200, 95), shapely.box(175, 60, 200, 70)])
def test_regions_beyond_the_globe_are_answered(world: ProceduralWorld, region: BaseGeometry) -> None:
    for collection in world.collections:
        images = world.images(collection, start_ms=ms("2023-06-01"), end_ms=ms("2023-06-02"), region=region)
        records = list(itertools.islice(images, 3))
        assert len(records) <= 3


@pytest.mark.parametrize(
    "index",
    [
        "",
        "/",
        "..",
        "0000_00_00",
        "99999_01_01",
        "202306x",
        "LC08_000000_00000000",
        "LC08_233124_99991231",
        "T33UWP",
        "\x00",
    ],
)
def test_ids_of_nothing_give_none(world: ProceduralWorld, index: str) -> None:
    for collection in world.collections:
        assert world.image(f"{collection}/{index}") is None
        assert world.asset(f"{collection}/{index}") is None


@pytest.mark.parametrize(
    "values", [{"MGRS_TILE": 5}, {"WRS_PATH": float("nan"), "WRS_ROW": 1.5}, {"WRS_PATH": "1"}, {}]
)
def test_values_that_name_no_place_are_answered(world: ProceduralWorld, values: dict[str, object]) -> None:
    for collection in SCENES:
        area = world.area(collection, values)
        assert area is None or area.is_empty
