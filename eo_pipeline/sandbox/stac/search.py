"""Finds what a search asks for, page by page. What does not belong here: reading requests, and links."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.stac.items import properties, timestamp
from eo_pipeline.sandbox.stac.names import FOLDERS
from eo_pipeline.sandbox.stac.scenes import Scene, Shelf
from eo_pipeline.sandbox.stac.search_request import SearchRequest, SortKey

_BEGINNING_MS = 1_435_190_400_000
"""2015-06-25, before the first Sentinel-2 image; milliseconds since 1970."""

_FIRST_LOOK_MS = 3_600_000


@dataclass(frozen=True)
class Page:
    """Part of what was found.

    Attributes:
        scenes: in order.
        matched: how many there are on all pages; None if they were not counted to the end.
        following: what the link to the next page says; None on the last.
    """

    scenes: tuple[Scene, ...]
    matched: int | None
    following: str | None


@dataclass(frozen=True)
class Search:
    """Finds scenes.

    Attributes:
        shelf: of scenes.
        now_ms: the time up to which scenes are found if no end is asked for, milliseconds since 1970.
        kept: what was looked at before, by search: the next page is asked for soon.
    """

    shelf: Shelf
    now_ms: Callable[[], int]
    kept: PixelCache[tuple[Scene, ...]] = field(default_factory=lambda: PixelCache(_KEPT_SCENES))

    def page(self, request: SearchRequest) -> Page:
        """A page of a search.

        Raises:
            ServiceError: There are too many scenes to sort, or to look through for a page; or `next` is not from here.
        """
        limit = request.limit or self.shelf.settings.page_size
        most = self.shelf.settings.count_limit
        near = self._near(request, most + 1)
        if len(near) <= most:
            return _counted(near, request, limit)
        if request.sort:
            raise _too_many(most)
        return self._uncounted(request, limit)

    def _near(self, request: SearchRequest, most: int) -> tuple[Scene, ...]:
        """The newest scenes that a search looks at."""
        outline = None if request.region is None else request.region.wkb
        key = (request.collections, request.ids, outline, request.times, self._end(request) // 60_000)
        return self.kept.get(key, most, lambda: tuple(itertools.islice(self._candidates(request), most)))

    def _uncounted(self, request: SearchRequest, limit: int) -> Page:
        """A page of a search that finds very many: looked for from where the last one ended."""
        scenes, most = self._candidates(request), self.shelf.settings.scan_limit
        if request.after is not None:
            last = self._last(request.after)
            times = replace(request.times, end_ms=last.time_ms + 1)
            scenes = (scene for scene in self._candidates(replace(request, times=times)) if scene.order < last.order)
        found = [scene for scene in itertools.islice(scenes, most) if _meets(scene, request)][: limit + 1]
        return found

    def _candidates(self, request: SearchRequest) -> Iterator[Scene]:
        """Scenes of the right collections, ids, times and place, newest first."""
        collections = [known for known in FOLDERS if not request.collections or known in request.collections]
        if request.ids:
            yield from self._named(request, collections)
        elif collections:
            yield from self._newest_first(request, collections)

    def _named(self, request: SearchRequest, collections: list[str]) -> Iterator[Scene]:
        found = [self.shelf.find(collection, item) for collection in collections for item in dict.fromkeys(request.ids)]
        scenes = [scene for scene in found if scene is not None and _is_within(scene, request)]
        yield from sorted(scenes, key=lambda scene: scene.order, reverse=True)

    def _newest_first(self, request: SearchRequest, collections: list[str]) -> Iterator[Scene]:
        """Looks back from the end of the times in ever longer steps."""
        start = max(request.times.start_ms or 0, _BEGINNING_MS)
        end = self.now_ms() if request.times.end_ms is None else request.times.end_ms
        step = _FIRST_LOOK_MS
        while end > start:
            begin = max(start, end - step)
            part = [
                scene
                for collection in collections
                for scene in self.shelf.between(collection, begin, end, request.region)
            ]
            yield from sorted(part, key=lambda scene: scene.order, reverse=True)
            end, step = begin, 2 * step


def token(scene: Scene) -> str:
    """The place behind a scene, as in links to the next page."""
    return f"{timestamp(scene.time)},{scene.id},{scene.collection}"


def _place_after(found: list[Scene], after: str) -> int:
    time, item, collection = ("", "", "") if after.count(",") != 2 else after.split(",")
    for place, scene in enumerate(found):
        if timestamp(scene.time) == time and scene.collection == collection and scene.id == item:
            return place + 1
    raise ServiceError(f"next: expected what a link to the next page says, got {after[:100]!r}; follow that link.")


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
    fields = _Fields(scene)
    return all(condition(fields) for condition in request.conditions)


class _Fields(Mapping[str, object]):
    """What conditions and sorting see of a scene: its properties, and its id and collection."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._properties = properties(scene)

    def __getitem__(self, name: str) -> object:
        if name == "id":
            return self._scene.id
        return self._scene.collection if name == "collection" else self._properties[name]

    def __iter__(self) -> Iterator[str]:
        yield from ("id", "collection", *self._properties)

    def __len__(self) -> int:
        return 2 + len(self._properties)


def _sorted(scenes: list[Scene], sort: tuple[SortKey, ...]) -> list[Scene]:
    """In the order asked for; scenes without a field come last, equal ones stay newest first."""
    fields = {id(scene): _Fields(scene) for scene in scenes} if sort else {}
    for key in reversed(sort):
        name = key.field.removeprefix("properties.")
        values = {id(scene): fields[id(scene)].get(name) for scene in scenes}
        with_value = [scene for scene in scenes if isinstance(values[id(scene)], int | float | str)]
        without = [scene for scene in scenes if not isinstance(values[id(scene)], int | float | str)]
        with_value.sort(key=lambda scene: _rank(values[id(scene)]), reverse=key.is_falling)  # noqa: B023 - used at once
        scenes = with_value + without
    return scenes


def _rank(value: object) -> tuple[int, float, str]:
    """Numbers before texts."""
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, str(value))


def _too_many(most: int) -> ServiceError:
    return ServiceError(f"expected a search among at most {most} scenes, got more; narrow its place or its times.")
