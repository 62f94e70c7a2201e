"""Which scenes there are, one after the other, in both directions. What does not belong here: metadata and pixels."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.graph.images import ImageRecord
from eo_pipeline.sandbox.world.orbits import PASS_MS, Orbit, Pass, passes, passes_before
from eo_pipeline.sandbox.world.publishing import Publishing


class Timed(Protocol):
    """What has a time and a name."""

    @property
    def time_ms(self) -> int: ...  # noqa: D102 - milliseconds since 1970
    @property
    def index(self) -> str: ...  # noqa: D102 - tells scenes of one time apart


class Below[Place](Protocol):
    """Tells what is seen of the ground."""

    @property
    def tracks(self) -> Sequence[int]: ...  # noqa: D102 - that may see a place, from 1, rising

    def under(self, track: int) -> Sequence[Place]:
        """The places that a track may see, looked for when it is first asked for."""
        ...


@dataclass(frozen=True)
class Timetable[Place, One: Timed]:
    """The scenes of some places: nothing but the next passes is looked at.

    Attributes:
        orbit: of the satellites.
        below: the places.
        scene: the scene of a place in a pass, within an hour of the pass's start; None if there is none.
    """

    orbit: Orbit
    below: Below[Place]
    scene: Callable[[Place, Pass], One | None]

    def scenes(self, start_ms: int) -> Iterator[One]:
        """Scenes from a time on, by time, then name: a pass is looked at once no earlier scene can come."""
        ahead: list[tuple[int, str, One]] = []
        for one in passes(self.below.tracks, start_ms, self.orbit, self._flies):
            while ahead and ahead[0][0] < one.start_ms:
                yield heapq.heappop(ahead)[2]
            for entry in self._entries(one):
                if entry[0] >= start_ms:
                    heapq.heappush(ahead, entry)

    def newest(self, start_ms: int, end_ms: int) -> Iterator[One]:
        """Scenes of the times [start_ms, end_ms), in the opposite order."""
        ahead: list[tuple[int, str, One]] = []
        for one in passes_before(self.below.tracks, end_ms, self.orbit, self._flies):
            while ahead and ahead[-1][0] > one.start_ms + PASS_MS:
                yield ahead.pop()[2]
            if one.start_ms + PASS_MS < start_ms:
                break
            ahead += [entry for entry in self._entries(one) if start_ms <= entry[0] < end_ms]
            ahead.sort()
        yield from (scene for _, _, scene in reversed(ahead))

    def _flies(self, track: int) -> bool:
        return bool(self.below.under(track))

    def _entries(self, one: Pass) -> Iterator[tuple[int, str, One]]:
        scenes = (self.scene(place, one) for place in self.below.under(one.track))
        return ((scene.time_ms, scene.index, scene) for scene in scenes if scene is not None)


@dataclass(frozen=True)
class SceneImages[Place, One: Timed]:
    """The images of a collection's scenes, looked at one by one as they are asked for.

    Attributes:
        table: the scenes of the places near the region.
        record: the image of a scene; None if it is not listed.
        first_ms: when the collection begins, milliseconds since 1970.
        publishing: what has appeared by now.
        region: what images must meet; None: the world.
    """

    table: Timetable[Place, One]
    record: Callable[[One], ImageRecord | None]
    first_ms: int
    publishing: Publishing
    region: BaseGeometry | None

    def images(self, start_ms: int | None, end_ms: int | None) -> Iterator[ImageRecord]:
        """See Catalog.images."""
        end = self.publishing.until(end_ms)
        scenes = self.table.scenes(self._first(start_ms))
        return self._listed(itertools.takewhile(lambda one: end is None or one.time_ms < end, scenes))

    def newest(self, start_ms: int | None, end_ms: int) -> Iterator[ImageRecord]:
        """See NewestFirst."""
        return self._listed(self.table.newest(self._first(start_ms), self.publishing.before(end_ms)))

    def _first(self, start_ms: int | None) -> int:
        return self.first_ms if start_ms is None else max(start_ms, self.first_ms)

    def _listed(self, scenes: Iterable[One]) -> Iterator[ImageRecord]:
        region, records = self.region, map(self.record, scenes)
        return (one for one in records if one is not None and (region is None or region.intersects(one.footprint)))
