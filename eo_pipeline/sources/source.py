"""What every source of a cube's pixels can do: tell its inputs, with fingerprints, and load them onto a grid.

Scenes of STAC and of files (`stac`, `archives`) are observations that are composed. Aligned tiles of a period
(`aligned_tiles`) and the mosaic of an export (`mosaics`) are one observation, which is copied.
What does not belong here: how one source does it.
"""

from collections.abc import Sequence
from typing import Protocol

from odc.geo.geobox import GeoBox

from eo_pipeline.core.periods import Period
from eo_pipeline.core.scenes.scene import Scene
from eo_pipeline.core.scenes.stack import Stack, Wanted
from eo_pipeline.core.scenes.view import View


class Loader(Protocol):
    """What a worker needs of a source; can be sent to another process."""

    def load(self, scenes: Sequence[Scene], view: View, bands: Sequence[Wanted]) -> Stack:
        """The scenes' observations on a grid.

        Args:
            scenes: at least one.
            view: the grid, and what of it.
            bands: what is loaded of each.

        Raises:
            SourceError: lists the scenes that cannot be read or have no such band.
        """
        ...


class Source(Loader, Protocol):
    """A place that scenes can be searched in and loaded from."""

    @property
    def name(self) -> str:
        """What a person calls it, for messages."""
        ...

    def inputs(self, geobox: GeoBox, period: Period) -> tuple[Scene, ...]:
        """The scenes that meet a grid and belong to a period, by time, then id; reads no pixels.

        Each has a version; `core.scenes.fingerprint` makes one text of all.

        Raises:
            SourceError: the source refuses, or says what cannot be understood.
            ServiceUnreachableError: the source does not answer.
        """
        ...

    def settled(self, scenes: Sequence[Scene]) -> tuple[Scene, ...]:
        """The same scenes with what their pixels say where their descriptions are in doubt; once before loading.

        Raises:
            SourceError: lists the scenes that cannot be read.
        """
        ...
