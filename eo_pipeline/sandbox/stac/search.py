"""Finds what a search asks for, page by page. What does not belong here: reading requests, and links."""

import heapq
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.stac.scene_fields import SceneFields
from eo_pipeline.sandbox.stac.scenes import Collection, Order, Scene
from eo_pipeline.sandbox.stac.search_request import SearchRequest, SortKey
from eo_pipeline.sandbox.stac.settings import CurrentSettings
from eo_pipeline.sandbox.stac.shelves import Shelves

_BEGINNING_MS = -2_208_988_800_000
"""1900-01-01: nothing is older; milliseconds since 1970."""

_UNCOUNTED = "uncounted:"
"""Begins what links to a next page say where matches are not counted, so that no page of the search counts them."""


@dataclass(frozen=True)
class Page:
    """Part of what was found.

    Attributes:
        scenes: in order.
        matched: how many there are on all pages; None if they were not counted.
        following: what the link to the next page says; None on the last.
    """

    scenes: tuple[Scene, ...]
    matched: int | None
    following: str | None


@dataclass(frozen=True)
class Search:
    """Finds scenes.

    Attributes:
        shelves: of scenes.
        settings: gives the settings in force.
        now_ms: gives the time up to which scenes are found if no end is asked for, milliseconds since 1970.
        seconds: gives the seconds that the caller's thread has worked, since any time.
    """

    shelves: Shelves
    settings: CurrentSettings
    now_ms: Callable[[], int]
    seconds: Callable[[], float] = time.thread_time

    def page(self, request: SearchRequest) -> Page:
        """A page of a search; where the matches are not counted it may be short, with another page to follow.

        Raises:
            ServiceError: There are too many scenes to sort, or to look through for a page; or `next` is not from here.
        """
        if request.after is not None and request.after.startswith(_UNCOUNTED):
            return self._behind(request, _order(request.after.removeprefix(_UNCOUNTED)))
        candidates = self._candidates(request)
        near, matches = self._near(candidates, request)
        if matches is not None:
            return self._counted(matches, request)
        if request.sort:
            raise self._too_many_to_sort(len(near))
        if request.after is not None:
            return self._behind(request, _order(request.after))
        return self._uncounted(itertools.chain(near, candidates), request)

    def _near(self, candidates: Iterator[Scene], request: SearchRequest) -> tuple[list[Scene], list[Scene] | None]:
        """The first candidates, and which of them meet the conditions; None if there are too many, or it takes long."""
        settings = self.settings()
        longest = settings.scan_seconds if request.sort else settings.count_seconds
        if request.after is not None:
            longest = math.inf  # the first page was counted in time
        near: list[Scene] = []
        matches: list[Scene] = []
        began = self.seconds()
        for scene in candidates:
            near.append(scene)
            if len(near) > settings.count_limit or self.seconds() - began > longest:
                return near, None
            if _meets(scene, request):
                matches.append(scene)
        return near, matches

    def _too_many_to_sort(self, looked: int) -> ServiceError:
        settings = self.settings()
        most = f"at most {settings.count_limit} scenes, got more"
        if looked <= settings.count_limit:
            most = f"scenes that are found in {settings.scan_seconds:g} s, got {looked} by then"
        return ServiceError(f"sortby: expected a search among {most}; narrow its place or its times.")

    def _counted(self, found: list[Scene], request: SearchRequest) -> Page:
        """A page of all that was found."""
        ordered = _sorted(found, request.sort)
        after = None if request.after is None else _order(request.after)
        first = 0 if after is None else _place_after(ordered, after, is_sorted=bool(request.sort))
        limit = self._limit(request)
        kept = tuple(ordered[first : first + limit])
        return Page(kept, len(ordered), _place(kept[-1]) if len(ordered) > first + limit else None)

    def _behind(self, request: SearchRequest, last: Order) -> Page:
        """A page of a search that finds very many: looked for from where the last page ended."""
        if request.sort:
            raise _not_a_place(request.after or "")
        end = min(last[0] + 1, self._end(request))
        rest = self._candidates(replace(request, times=replace(request.times, end_ms=end)))
        return self._uncounted((scene for scene in rest if scene.order < last), request)

    def _uncounted(self, scenes: Iterable[Scene], request: SearchRequest) -> Page:
        """The first of some scenes that meet the conditions: fewer than asked for if it takes long to find them."""
        settings, limit, began = self.settings(), self._limit(request), self.seconds()
        found: list[Scene] = []
        for looked, scene in enumerate(scenes):
            is_late = self.seconds() - began > settings.scan_seconds
            if len(found) > limit or (found and is_late):
                kept = tuple(found[:limit])
                return Page(kept, None, f"{_UNCOUNTED}{_place(kept[-1])}")
            if looked == settings.scan_limit:
                raise _too_few(f"{looked} scenes")
            if is_late and looked:
                raise _too_few(f"the scenes of {settings.scan_seconds:g} s")
            if _meets(scene, request):
                found.append(scene)
        kept = tuple(found[:limit])
        return Page(kept, None, f"{_UNCOUNTED}{_place(kept[-1])}" if len(found) > limit else None)

    def _limit(self, request: SearchRequest) -> int:
        return request.limit or self.settings().page_size

    def _end(self, request: SearchRequest) -> int:
        return self.now_ms() if request.times.end_ms is None else request.times.end_ms

    def _candidates(self, request: SearchRequest) -> Iterator[Scene]:
        """Scenes of the right collections, ids, times and place, newest first."""
        known = self.shelves.collections
        collections = [name for name in known if not request.collections or name in request.collections]
        if request.ids:
            yield from self._named(request, collections)
        elif collections:
            yield from self._newest_first(request, collections)

    def _named(self, request: SearchRequest, collections: Sequence[str]) -> Iterator[Scene]:
        ids = dict.fromkeys(request.ids)
        found = [self.shelves.collections[collection].find(item) for collection in collections for item in ids]
        scenes = [scene for scene in found if scene is not None and _is_within(scene, request)]
        yield from sorted(scenes, key=lambda scene: scene.order, reverse=True)

    def _newest_first(self, request: SearchRequest, collections: Sequence[str]) -> Iterator[Scene]:
        streams = [self._stream(self.shelves.collections[name], request) for name in collections]
        yield from heapq.merge(*streams, key=lambda scene: scene.order, reverse=True)

    def _stream(self, collection: Collection, request: SearchRequest) -> Iterator[Scene]:
        """Scenes of a collection, newest first."""
        start = max(_BEGINNING_MS if request.times.start_ms is None else request.times.start_ms, _BEGINNING_MS)
        end = self._end(request)
        return each(collection.newest(start, end, request.region)) if end > start else iter(())


def _place_after(ordered: Sequence[Scene], last: Order, *, is_sorted: bool) -> int:
    if not is_sorted:
        return sum(scene.order >= last for scene in ordered)
    place = next((place for place, scene in enumerate(ordered) if scene.order == last), None)
    if place is None:
        raise _not_a_place(f"{last[0]},{last[1]},{last[2]}")
    return place + 1


def _place(scene: Scene) -> str:
    """What the link to the next page says if this scene is the last one of a page."""
    return ",".join(map(str, scene.order))


def _too_few(looked: str) -> ServiceError:
    return ServiceError(f"expected a page among {looked}, got fewer matches; narrow the search.")


def _order(after: str) -> Order:
    """The scene that a link to the next page names."""
    time, _, rest = after.partition(",")
    index, _, collection = rest.rpartition(",")
    if not time.removeprefix("-").isdecimal() or len(time) > 18 or not time.isascii() or not collection:
        raise _not_a_place(after)
    return int(time), index, collection


def _not_a_place(after: str) -> ServiceError:
    return ServiceError(f"next: expected what a link to the next page says, got {after[:100]!r}; follow that link.")


def _is_within(scene: Scene, request: SearchRequest) -> bool:
    times, region = request.times, request.region
    return (
        (times.start_ms is None or times.start_ms <= scene.time_ms)
        and (times.end_ms is None or scene.time_ms < times.end_ms)
        and (region is None or region.intersects(scene.record.footprint))
    )


def _meets(scene: Scene, request: SearchRequest) -> bool:
    if not request.conditions:
        return True
    fields = SceneFields(scene)
    return all(condition(fields) for condition in request.conditions)


def _sorted(scenes: list[Scene], sort: tuple[SortKey, ...]) -> list[Scene]:
    """In the order asked for; scenes without a field come last, equal ones stay newest first."""
    for key in reversed(sort):
        ranked = [(_rank(SceneFields(scene).get(key.name)), scene) for scene in scenes]
        there = [(rank, scene) for rank, scene in ranked if rank is not None]
        there.sort(key=lambda pair: pair[0], reverse=key.is_falling)
        scenes = [scene for _, scene in there] + [scene for rank, scene in ranked if rank is None]
    return scenes


def _rank(value: object) -> tuple[int, float, str] | None:
    """Numbers before texts; None for what has no order."""
    if isinstance(value, str):
        return 1, 0.0, value
    return (0, float(value), "") if isinstance(value, int | float) else None
