"""Searching a small catalogue: pages, counts, order, and requests of any kind."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.catalog.catalog import AssetInfo, Catalog, CompositeCatalog
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline.sandbox.stac.scenes import Scene
from eo_pipeline.sandbox.stac.search import Search
from eo_pipeline.sandbox.stac.search_request import SearchRequest, body_of, search_request
from eo_pipeline.sandbox.stac.settings import StacSettings
from eo_pipeline.sandbox.stac.shelves import shelves
from eo_pipeline.sandbox.world.world import ProceduralWorld, build_world

HOUR_MS = 3_600_000
NOW_MS = 1_700_000_000_000


@dataclass(frozen=True)
class Hours:
    """A collection of one image an hour, three of them at the same time; `turn` counts from 0 to 6."""

    id: str
    endless: bool
    count: int

    def asset_ids(self) -> tuple[str, ...]:
        return (self.id,)

    def asset(self, asset_id: str) -> AssetInfo | None:
        return AssetInfo(self.id, "IMAGE_COLLECTION", {}, endless=self.endless) if asset_id == self.id else None

    def images(
        self, collection_id: str, *, start_ms: int | None, end_ms: int | None, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        for number in range(self.count) if collection_id == self.id else ():
            time = NOW_MS - (self.count - number // 3 * 3) * HOUR_MS
            outline = shapely.box(number, 0, number + 1, 1)
            properties = {"system:index": f"i{number:03d}", "system:time_start": time, "turn": number % 7}
            in_time = (start_ms is None or start_ms <= time) and (end_ms is None or time < end_ms)
            if in_time and (region is None or region.intersects(outline)):
                yield ImageRecord(f"{self.id}/i{number:03d}", properties, outline, time * 1000, {})

    def table(self, _: str) -> Sequence[Feature] | None:
        return None

    def area(self, _: str, __: Mapping[str, object]) -> BaseGeometry | None:
        return None

    def image(self, image_id: str) -> ImageRecord | None:
        records = self.images(self.id, start_ms=None, end_ms=None, region=None)
        return next((record for record in records if record.id == image_id), None)


CATALOG = CompositeCatalog([Hours("A/endless", True, 60), Hours("B/local", False, 40)])


@dataclass
class Stopwatch:
    """Says that a second has gone by since it was last asked."""

    seconds: int = 0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


def search(*, count_limit: int = 1000, scan_limit: int = 1000, seconds: Callable[[], float] = lambda: 0.0) -> Search:
    chosen = StacSettings(count_limit=count_limit, scan_limit=scan_limit, count_seconds=10, scan_seconds=20)
    return Search(shelves(CATALOG, lambda: chosen), lambda: chosen, lambda: NOW_MS + 1, seconds)


def all_pages(finder: Search, body: Mapping[str, object]) -> tuple[list[Scene], list[int | None]]:
    """Scenes of all pages, and what each page says how many there are."""
    found: list[Scene] = []
    counts: list[int | None] = []
    following: str | None = ""
    while following is not None:
        page = finder.page(search_request({**body, **({"next": following} if following else {})}))
        found.extend(page.scenes)
        counts.append(page.matched)
        following = page.following
    return found, counts


@pytest.mark.parametrize("count_limit", [1000, 10])
@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_pages_hold_every_scene_once_newest_first(limit: int, count_limit: int) -> None:
    found, counts = all_pages(search(count_limit=count_limit), {"limit": limit})
    times = [scene.time_ms for scene in found]
    assert times == sorted(times, reverse=True)
    assert len({(scene.collection, scene.id) for scene in found}) == len(found) == 100
    assert set(counts) == ({100} if count_limit == 1000 else {None})


def test_what_takes_long_is_not_counted_and_pages_end_early() -> None:
    first = search(seconds=Stopwatch()).page(search_request({"limit": 50}))
    assert (len(first.scenes), first.matched) == (20, None)
    found, counts = all_pages(search(seconds=Stopwatch()), {"limit": 50})
    assert [scene.order for scene in found] == [scene.order for scene in all_pages(search(), {})[0]]
    assert set(counts) == {None}


def test_what_takes_long_is_not_sorted() -> None:
    by_id = {"sortby": [{"field": "id", "direction": "asc"}]}
    with pytest.raises(ServiceError, match="among scenes that are found in 20 s, got 21 by then; narrow its place"):
        search(seconds=Stopwatch()).page(search_request(by_id))
    assert search().page(search_request(by_id)).matched == 100


def test_a_page_that_is_not_found_in_time_is_refused() -> None:
    with pytest.raises(ServiceError, match="expected a page among the scenes of 20 s, got fewer matches; narrow"):
        search(seconds=Stopwatch()).page(search_request({"query": {"turn": {"gt": 9}}}))


def test_a_counted_search_is_counted_on_each_page() -> None:
    first = search().page(search_request({"limit": 5}))
    late = search(seconds=Stopwatch()).page(search_request({"limit": 5, "next": first.following}))
    second = search().page(search_request({"limit": 5, "next": first.following}))
    assert [one.order for one in late.scenes] == [one.order for one in second.scenes]
    assert (second.matched, late.matched) == (100, 100)


@dataclass
class Recording:
    """The world, which notes the images it hands over."""

    world: ProceduralWorld
    handed: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)

    def asset_ids(self) -> tuple[str, ...]:
        return self.world.asset_ids()

    def newest(
        self, collection_id: str, *, start_ms: int | None, end_ms: int, region: BaseGeometry | None
    ) -> Iterator[ImageRecord]:
        for record in self.world.newest(collection_id, start_ms=start_ms, end_ms=end_ms, region=region):
            self.handed[collection_id] += 1
            yield record


@pytest.mark.parametrize("more", [{}, {"bbox": [-180, -90, 180, 90]}, {"datetime": "../2023-01-01T00:00:00Z"}])
def test_a_page_of_the_world_takes_as_many_scenes_as_it_shows(more: dict[str, object]) -> None:
    catalog, chosen = Recording(build_world()), StacSettings(count_limit=5)
    finder = Search(shelves(cast("Catalog", catalog), lambda: chosen), lambda: chosen, lambda: NOW_MS)
    first = finder.page(search_request({"limit": 10, **more}))
    collections = sum(one.about.is_endless for one in finder.shelves.collections.values())
    assert len(first.scenes) == 10
    assert sum(catalog.handed.values()) <= 11 + collections
    catalog.handed.clear()
    second = finder.page(search_request({"limit": 10, "next": first.following, **more}))
    assert second.scenes[0].order < first.scenes[-1].order
    assert collections > 12
    assert sum(catalog.handed.values()) <= 11 + collections + 50, "those of one millisecond are looked at again"


def test_a_query_is_heeded_beyond_what_is_counted() -> None:
    found, _ = all_pages(
        search(count_limit=10), {"limit": 4, "query": {"turn": {"eq": 3}}, "collections": ["A_endless"]}
    )
    assert [scene.id for scene in found] == [f"i{number:03d}" for number in range(59, -1, -1) if number % 7 == 3]


def test_sorting_keeps_the_newest_of_equals_first() -> None:
    body = {"limit": 7, "sortby": [{"field": "properties.turn", "direction": "desc"}], "collections": ["B_local"]}
    found, _ = all_pages(search(), body)
    numbers = [int(scene.id[1:]) for scene in found]
    assert numbers == sorted(range(40), key=lambda number: (-(number % 7), -number))


def test_times_and_places_are_heeded() -> None:
    found, _ = all_pages(search(), {"bbox": [10.5, 0.5, 12.5, 0.6], "collections": ["A_endless"]})
    assert [scene.id for scene in found] == ["i012", "i011", "i010"]
    page = search().page(search_request({"datetime": "2023-11-14T22:13:20Z/..", "collections": ["A_endless"]}))
    assert page.scenes == ()


def test_ids_are_found_in_every_collection() -> None:
    page = search().page(search_request({"ids": ["i001", "i050", "nobody"]}))
    assert [(scene.collection, scene.id) for scene in page.scenes] == [
        ("A_endless", "i050"),
        ("B_local", "i001"),
        ("A_endless", "i001"),
    ]


def test_a_page_that_would_take_too_long_is_refused() -> None:
    with pytest.raises(ServiceError, match="expected a page among 20 scenes, got fewer matches; narrow the search"):
        search(count_limit=10, scan_limit=20).page(search_request({"query": {"turn": {"gt": 9}}}))


def test_too_many_to_sort_are_refused() -> None:
    with pytest.raises(ServiceError, match="sortby: expected a search among at most 10 scenes, got more"):
        search(count_limit=10).page(search_request({"sortby": [{"field": "id", "direction": "asc"}]}))


def test_a_collection_comes_under_one_name() -> None:
    known = shelves(CompositeCatalog([Hours("A/b", False, 1), Hours("A_b", True, 1)]), StacSettings)
    assert [collection.about.is_endless for collection in known.collections.values()] == [False]


def refusal(request: Callable[[], SearchRequest]) -> int | None:
    """The status with which a search is refused, None if it is answered."""
    try:
        search().page(request())
    except ServiceError as error:
        return error.code
    return None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["..", "i001", "turn"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["collections", "ids", "bbox", "intersects", "datetime", "limit", "query", "filter", "sortby", "fields", "next"]
GEOMETRY = st.fixed_dictionaries(
    {"type": st.sampled_from(["Point", "Polygon", "LineString", "GeometryCollection"]), "coordinates": JSON}
)
OPERATIONS = st.fixed_dictionaries({"op": st.sampled_from(["and", "=", "in", "between", "not", "<"]), "args": JSON})


@settings(max_examples=150, deadline=None)
@given(
    body=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5),
    outline=st.none() | GEOMETRY,
    filter_=st.none() | OPERATIONS,
    sort=st.none() | st.sampled_from(["turn", "properties.datetime", ""]),
)
def test_no_body_is_a_failure_of_the_server(
    body: dict[str, Any], outline: dict[str, Any] | None, filter_: dict[str, Any] | None, sort: str | None
) -> None:
    said = {"intersects": outline, "filter": filter_, "sortby": sort and [{"field": sort, "direction": "asc"}]}
    asked = {**body, **{name: value for name, value in said.items() if value}}
    assert refusal(lambda: search_request(asked)) in {None, 400}


@settings(max_examples=100, deadline=None)
@given(query=st.dictionaries(st.sampled_from([*NAMES, "filter-lang", "other"]), st.text(max_size=20), max_size=4))
def test_no_address_is_a_failure_of_the_server(query: dict[str, str]) -> None:
    assert refusal(lambda: search_request(body_of(query))) in {None, 400}
