"""Which scenes there are: against looking at every pass of every tile."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import cast, override

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.world.coast import Coast
from eo_pipeline.sandbox.world.ground import TileGround
from eo_pipeline.sandbox.world.landsat import LandsatCollection
from eo_pipeline.sandbox.world.orbits import DAY_MS, SENTINEL_2, Pass
from eo_pipeline.sandbox.world.scene_bands import Scene
from eo_pipeline.sandbox.world.scenery import Scenery
from eo_pipeline.sandbox.world.scenes import SceneCollection
from eo_pipeline.sandbox.world.tiles import tiles_near
from eo_pipeline.sandbox.world.timetable import Timetable
from eo_pipeline.sandbox.world.world import ProceduralWorld
from eo_pipeline_tests.sandbox.world.conftest import S2, Search, ms, tiles_of


def call(name: str, **arguments: object) -> dict[str, object]:
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def constant(value: object) -> dict[str, object]:
    return {"constantValue": value}


def evaluated(world: ProceduralWorld, result: dict[str, object]) -> object:
    return GraphEngine(world).value({"values": {"0": result}, "result": "0"})


ALL = call("ImageCollection.load", id=constant(S2))


def test_no_scene_is_forgotten_and_all_are_in_order(world: ProceduralWorld, search: Search) -> None:
    region = shapely.box(14.5, 46.5, 17.5, 48.5)
    start, end = ms("2023-06-01"), ms("2023-06-08")
    collection = world.collections[S2]
    assert isinstance(collection, SceneCollection)
    cycle = start // (5 * DAY_MS)
    passes = [Pass(track, number) for track in range(1, 144) for number in range(cycle - 4, cycle + 4)]
    expected = set()
    for tile in tiles_of(region):
        for scene in (Scene(tile, one) for one in passes):
            record = collection.record(scene, now=collection.present()) if start <= scene.time_ms < end else None
            if record is not None and record.footprint.intersects(region):
                expected.add(record.id)
    found = list(search(S2, "2023-06-01", "2023-06-08", region))
    assert len(expected) > 20
    assert {record.id for record in found} == expected
    assert len(found) == len(expected)
    keys = [(record.properties["system:time_start"], record.id) for record in found]
    assert keys == sorted(keys)


def test_a_later_start_gives_the_rest_of_the_same_scenes() -> None:
    place = shapely.Point(15.5, 48.3)
    table = Timetable(SENTINEL_2, TileGround(tiles_near(place), lambda tile: tile.meets(place)), Scene)
    first = list(itertools.islice(table.scenes(ms("2023-06-01")), 20))
    assert list(itertools.islice(table.scenes(first[7].time_ms), 13)) == first[7:]


@pytest.mark.parametrize("region", [None, shapely.Polygon(), shapely.Point(15.5, 48.3)])
def test_no_tiles_have_no_scenes(region: BaseGeometry | None) -> None:
    table = Timetable(SENTINEL_2, TileGround(tiles_near(region), lambda _: False), Scene)
    assert not list(table.scenes(0))
    assert not list(table.newest(0, ms("2023-06-01")))


@pytest.mark.parametrize(
    "collection", [S2, "LANDSAT/LC08/C02/T1_L2", "MODIS/061/MOD11A2", "ECMWF/ERA5_LAND/DAILY_AGGR"]
)
@pytest.mark.parametrize("days", [0.1, 9])
@pytest.mark.parametrize(
    "region", [shapely.box(14.5, 46.5, 17.5, 48.5), shapely.box(178, -20, 180, 70), shapely.box(-40, 20, -38, 22)]
)
def test_the_newest_first_are_the_same_the_other_way_about(
    world: ProceduralWorld, collection: str, days: float, region: BaseGeometry
) -> None:
    end = ms("2023-06-05") + 40_000_000
    times = {"start_ms": end - round(days * DAY_MS), "end_ms": end}
    forwards = [record.id for record in world.images(collection, **times, region=region)]
    assert [record.id for record in world.newest(collection, **times, region=region)] == forwards[::-1]


def test_the_newest_of_the_world_are_the_newest_of_its_last_hour(world: ProceduralWorld) -> None:
    end = ms("2023-06-05") + 40_000_000
    hour = [one.id for one in world.images(S2, start_ms=end - 3_600_000, end_ms=end, region=None)]
    newest = world.newest(S2, start_ms=None, end_ms=end, region=None)
    assert [one.id for one in itertools.islice(newest, 30)] == hour[:-31:-1]


@dataclass
class Counting:
    """Tells how many places were asked for land."""

    coast: Coast
    asked: int = 0

    def touches(self, region: BaseGeometry) -> bool:
        self.asked += 1
        return self.coast.touches(region)


@dataclass(frozen=True)
class Watched(ProceduralWorld):
    """Keeps the ids of the images that it hands out."""

    handed_out: list[str] = field(default_factory=list)

    @override
    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        for record in super().images(collection_id, start_ms=start_ms, end_ms=end_ms, region=region):
            self.handed_out.append(record.id)
            yield record


def watched(world: ProceduralWorld, collection: str) -> tuple[Watched, Counting]:
    """A world of one collection that has not been looked at yet, and its coast."""
    coast = Counting(world.scenery.coast)
    scenery = Scenery(cast("Coast", coast))
    member = world.collections[collection]
    assert isinstance(member, SceneCollection | LandsatCollection)
    return Watched(scenery, {collection: replace(member, scenery=scenery)}, {}, {}), coast


@pytest.mark.parametrize(("collection", "most"), [(S2, 10_000), ("LANDSAT/LC08/C02/T1_L2", 1500)])
@pytest.mark.parametrize("region", [None, shapely.box(-180, -90, 180, 90)])
def test_few_places_are_looked_at_for_the_first_scene_of_the_world(
    world: ProceduralWorld, collection: str, most: int, region: BaseGeometry | None
) -> None:
    fresh, coast = watched(world, collection)
    assert next(fresh.images(collection, start_ms=ms("2023-06-05"), end_ms=None, region=region))
    assert next(fresh.newest(collection, start_ms=None, end_ms=ms("2023-06-05"), region=region))
    assert 0 < coast.asked < most


@pytest.mark.parametrize(
    ("result", "images"),
    [
        (call("Element.get", object=call("Collection.first", collection=ALL), property=constant("system:index")), 1),
        (call("Collection.size", collection=call("Collection.limit", collection=ALL, limit=constant(500))), 500),
    ],
)
def test_no_more_than_the_beginning_of_everything_is_looked_at(
    world: ProceduralWorld, result: dict[str, object], images: int
) -> None:
    fresh, coast = watched(world, S2)
    assert evaluated(fresh, result)
    assert images <= len(fresh.handed_out) <= images + 1
    assert 0 < coast.asked < 10_000


def test_the_scenes_of_a_tile_are_found_by_its_name(world: ProceduralWorld) -> None:
    of_tile = call("Filter.equals", leftField=constant("MGRS_TILE"), rightValue=constant("33UWP"))
    dates = call(
        "Filter.dateRangeContains",
        leftValue=call("DateRange", start=constant("2023-06-01"), end=constant("2023-07-01")),
        rightField=constant("system:time_start"),
    )
    filtered = call(
        "Collection.filter", collection=call("Collection.filter", collection=ALL, filter=dates), filter=of_tile
    )
    fresh, coast = watched(world, S2)
    found = evaluated(
        fresh, call("AggregateFeatureCollection.array", collection=filtered, property=constant("MGRS_TILE"))
    )
    assert isinstance(found, list)
    assert set(found) == {"33UWP"}
    assert len(found) >= 6
    assert len(fresh.handed_out) < 10 * len(found)
    assert 0 < coast.asked <= 9  # the tile and its neighbours


def test_scenes_near_a_place_and_one_more_are_found_without_looking_at_the_others(
    world: ProceduralWorld, search: Search
) -> None:
    """Alternatives that are all somewhere are looked for there."""
    region, place = shapely.box(10, 44, 20, 50), shapely.box(16.3, 48.2, 16.31, 48.21)
    everything = list(search(S2, "2023-06-01", "2023-06-08", region))
    near = [one for one in everything if one.footprint.intersects(place)]
    other = next(one for one in everything if not one.footprint.intersects(place.buffer(3)))
    ring = [list(corner) for corner in place.exterior.coords]
    bounds = call(
        "Filter.intersects",
        leftField=constant(".all"),
        rightValue=call(
            "Feature",
            geometry=call("GeometryConstructors.Polygon", coordinates=constant([ring]), geodesic=constant(False)),
        ),
    )
    named = call("Filter.equals", leftField=constant("system:index"), rightValue=constant(other.id.rsplit("/", 1)[1]))
    dates = call(
        "Filter.dateRangeContains",
        leftValue=call("DateRange", start=constant("2023-06-01"), end=constant("2023-06-08")),
        rightField=constant("system:time_start"),
    )
    either = call("Filter.or", filters={"arrayValue": {"values": [bounds, named]}})
    filtered = call(
        "Collection.filter", collection=call("Collection.filter", collection=ALL, filter=dates), filter=either
    )
    fresh, _ = watched(world, S2)
    found = evaluated(
        fresh, call("AggregateFeatureCollection.array", collection=filtered, property=constant("system:index"))
    )
    assert found == [one.id.rsplit("/", 1)[1] for one in everything if one is other or one in near]
    assert len(near) >= 2
    assert len(fresh.handed_out) < len(everything) / 4


def test_the_area_of_a_name_that_is_no_tile_is_empty(world: ProceduralWorld) -> None:
    area = world.area(S2, {"MGRS_TILE": "33UII"})
    assert area is not None
    assert area.is_empty
    assert not list(world.images(S2, start_ms=None, end_ms=None, region=area))
    assert world.area(S2, {"CLOUD": "x"}) is None
