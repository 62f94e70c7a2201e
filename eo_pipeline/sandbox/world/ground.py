"""The places that satellites see on land, found track by track. What does not belong here: when they are seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from eo_pipeline.sandbox.world.orbits import SENTINEL_2
from eo_pipeline.sandbox.world.tiles import Tile, Tiles
from eo_pipeline.sandbox.world.wrs import Row

_REACH_KM = 80.0
"""Half the diagonal of a tile, rounded up."""

_FEW = 2000
"""So many tiles are asked at once which tracks may see them."""


@dataclass(frozen=True)
class TileGround:
    """Tiles by track of Sentinel-2, see Below.

    Attributes:
        near: candidates.
        wanted: chooses among them.
    """

    near: Tiles
    wanted: Callable[[Tile], bool]
    _found: dict[int, Sequence[Tile]] = field(default_factory=dict, repr=False)

    @property
    def tracks(self) -> Sequence[int]:
        """Those that may see a candidate; all of them if there are many candidates."""
        every = range(1, SENTINEL_2.tracks + 1)
        if len(self.near.tiles) > _FEW:
            return every
        return [track for track in every if self._seen(track).any()]

    def under(self, track: int) -> Sequence[Tile]:
        """See Below."""
        if track not in self._found:
            candidates = (self.near.tiles[place] for place in np.flatnonzero(self._seen(track)).tolist())
            self._found[track] = [tile for tile in candidates if self.wanted(tile)]
        return self._found[track]

    def _seen(self, track: int) -> np.ndarray:
        """Whether a track may see a candidate, (tile)."""
        return self.near.places.near(track, _REACH_KM, SENTINEL_2)


@dataclass(frozen=True)
class RowGround:
    """Rows by track of Landsat, see Below.

    Attributes:
        near: row numbers of the candidates, by track.
        wanted: chooses among them.
    """

    near: Mapping[int, np.ndarray]
    wanted: Callable[[Row], bool]
    _found: dict[int, Sequence[Row]] = field(default_factory=dict, repr=False)

    @property
    def tracks(self) -> Sequence[int]:
        """Those that see a candidate."""
        return sorted(self.near)

    def under(self, track: int) -> Sequence[Row]:
        """See Below."""
        if track not in self._found:
            places = (Row.on(track, row) for row in self.near[track].tolist())
            self._found[track] = [place for place in places if self.wanted(place)]
        return self._found[track]
