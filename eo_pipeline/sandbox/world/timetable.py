"""Which scenes of some tiles there are, one after the other. What does not belong here: their metadata and pixels."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from eo_pipeline.sandbox.world.orbits import SENTINEL_2, Pass, passes, tracks_over
from eo_pipeline.sandbox.world.scene_bands import Scene
from eo_pipeline.sandbox.world.tiles import Tile

_REACH_KM = 80.0
"""Half the diagonal of a tile, rounded up."""

_PASS_MS = 3_600_000
"""A pass takes no longer."""


@dataclass(frozen=True)
class Timetable:
    """The passes over some tiles, endless; nothing but the next pass is looked at.

    Attributes:
        tiles: the tiles.
        near: (tile, track - 1) bool, True where the track's swath may reach the tile.
    """

    tiles: Sequence[Tile]
    near: np.ndarray

    @classmethod
    def of(cls, tiles: Sequence[Tile]) -> Timetable:
        """The timetable of some tiles."""
        if not tiles:
            return cls(tiles, np.zeros((0, SENTINEL_2.tracks), bool))
        longitude, latitude = np.array([tile.middle for tile in tiles]).T
        return cls(tiles, tracks_over(longitude, latitude, _REACH_KM))

    def scenes(self, start_ms: int) -> Iterator[Scene]:
        """Scenes from a time on, by time, then id: a pass is looked at once no earlier scene can come."""
        tracks = (np.flatnonzero(self.near.any(axis=0)) + 1).tolist()
        return in_order(passes(tracks, start_ms), self._under, start_ms)

    def _under(self, one: Pass) -> Iterator[Scene]:
        return (Scene(self.tiles[number], one) for number in np.flatnonzero(self.near[:, one.track - 1]).tolist())


class Timed(Protocol):
    """What has a time and a name."""

    @property
    def time_ms(self) -> int: ...  # noqa: D102 - milliseconds since 1970
    @property
    def index(self) -> str: ...  # noqa: D102 - tells scenes of one time apart


def in_order[One: Timed](flown: Iterator[Pass], under: Callable[[Pass], Iterable[One]], start_ms: int) -> Iterator[One]:
    """Scenes from a time on, by time, then name.

    Args:
        flown: passes by their start; the first may begin before the time.
        under: the scenes of a pass, within an hour of its start.
        start_ms: the time, milliseconds since 1970.
    """
    ahead: list[tuple[int, str, One]] = []
    for one in flown:
        while ahead and ahead[0][0] < one.start_ms:
            yield heapq.heappop(ahead)[2]
        if one.start_ms + _PASS_MS >= start_ms:
            for scene in under(one):
                if scene.time_ms >= start_ms:
                    heapq.heappush(ahead, (scene.time_ms, scene.index, scene))
