"""A scene of an archive: what it is, when and where it was sensed, and where its pixels are.

What does not belong here: how an archive writes this down (`sources`), and pixels (`storage.scenes`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from eo_pipeline.errors import SourceError


@dataclass(frozen=True)
class Packing:
    """How a file's numbers mean values: `scale * stored + offset`.

    Attributes:
        scale: physical units per stored unit.
        offset: physical value of a stored 0.
        nodata: stored number of pixels without a value; None if every number is one.
    """

    scale: float
    offset: float
    nodata: float | None


@dataclass(frozen=True)
class SceneBand:
    """One band of a scene; physical values are `scale * stored + offset`.

    Attributes:
        href: of the file: http(s), gs, s3, file, or a path.
        index: of the band in the file, from 1.
        dtype: numpy's name of the stored type; None if the archive does not say.
        nodata: stored number of pixels without a value; None if the archive does not say, or nobody does.
        scale: physical units per stored unit.
        offset: physical value of a stored 0, as the pixels are, whatever the archive declares.
        is_classes: True if numbers are names or bits, which cannot be averaged.
        geobox: the file's grid, north up; None if the archive does not say.
        packed: how the file's numbers become physical values when they are read, which then are what is stored here
            (float64, NaN = none, scale 1, offset 0); None if the file's numbers stay as they are.
    """

    href: str
    index: int = 1
    dtype: str | None = None
    nodata: float | None = None
    scale: float = 1.0
    offset: float = 0.0
    is_classes: bool = False
    geobox: GeoBox | None = None
    packed: Packing | None = None


@dataclass(frozen=True)
class Scene:
    """One scene; scenes are in order by time, then id.

    Attributes:
        id: the archive's, unique in its collection.
        collection: the archive's id of the collection.
        version: text that differs when the scene's pixels do.
        instant: sensed, aware, UTC.
        footprint: outline of its pixels in degrees, longitude before latitude.
        bands: by name.
        aliases: other names of bands, with the name in `bands`.
        doubt: why the offset that the archive declares may be wrong; empty if nothing speaks against it.
    """

    id: str
    collection: str
    version: str
    instant: datetime
    footprint: BaseGeometry
    bands: Mapping[str, SceneBand]
    aliases: Mapping[str, str] = field(default_factory=dict)
    doubt: str = ""

    @property
    def order(self) -> tuple[datetime, str]:
        """By time, then id."""
        return self.instant, self.id

    def has(self, name: str) -> bool:
        """Whether there is a band of this name or alias."""
        return name in self.bands or name in self.aliases

    def band(self, name: str) -> SceneBand:
        """The band of a name or alias.

        Raises:
            SourceError: there is none; lists the scene's bands.
        """
        if not self.has(name):
            raise SourceError(
                f"expected band {name} in scene {self.id} of {self.collection}, got {', '.join(self.bands)}; "
                "name one of these"
            )
        return self.bands[name if name in self.bands else self.aliases[name]]
