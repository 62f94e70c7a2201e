"""Observations of a place as arrays, and what could not be read. What does not belong here: reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from eo_pipeline.core.scenes.groups import SceneGroup
from eo_pipeline.errors import SourceError

_LISTED = 50
"""Failures that an error lists."""


@dataclass(frozen=True)
class Wanted:
    """How a band is loaded.

    Attributes:
        name: of the band, or an alias.
        resampling: rasterio's name, for what does not lie on the grid; classes are always taken as they are.
        offset: physical value of a stored 0 to which all scenes are brought; None leaves stored numbers as they are.
        nodata: stored number of pixels without a value, where neither item nor file says one.
    """

    name: str
    resampling: str = "bilinear"
    offset: float | None = None
    nodata: float | None = None


@dataclass(frozen=True)
class StackBand:
    """One band of all observations.

    Attributes:
        stored: (obs, y, x).
        nodata: stored number of pixels without a value.
        scale: physical units per stored unit.
        offsets: physical value of a stored 0, an observation each.
    """

    stored: NDArray[Any]
    nodata: float
    scale: float
    offsets: tuple[float, ...]


@dataclass(frozen=True)
class Stack:
    """All observations of a period on one grid.

    Attributes:
        geobox: the grid of (y, x).
        groups: what each observation is made of, in the order of the axis obs.
        bands: by the name they were asked for.
    """

    geobox: GeoBox
    groups: tuple[SceneGroup, ...]
    bands: Mapping[str, StackBand]


@dataclass(frozen=True, order=True)
class SceneFailure:
    """A band of a scene that could not be read.

    Attributes:
        scene: its id.
        band: its name.
        reason: where, and in GDAL's words why.
    """

    scene: str
    band: str
    reason: str


def refuse_failures(source: str, failures: Sequence[SceneFailure]) -> None:
    """One error for everything that could not be read, if there is anything.

    Raises:
        SourceError: names the source and each scene.
    """
    if not failures:
        return
    scenes = sorted({failure.scene for failure in failures})
    lines = [f"  {failure.scene}, {failure.band}: {failure.reason}" for failure in sorted(failures)[:_LISTED]]
    if len(failures) > _LISTED:
        lines.append(f"  and {len(failures) - _LISTED} more, in " + ", ".join(scenes))
    raise SourceError(
        f"expected readable scenes from {source}, got {len(scenes)} that cannot be read:\n"
        + "\n".join(lines)
        + "\ntry again later, tell the archive, or leave such scenes out by source.where"
    )
