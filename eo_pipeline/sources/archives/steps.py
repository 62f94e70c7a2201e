"""What an archive's file holds: its bands at each instant. What does not belong here: files of one format."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from eo_pipeline.core.scenes.scene import Packing, SceneBand
from eo_pipeline.storage.scenes.turned import DECODED


class FormatError(Exception):
    """A file is not what an archive's files are: in words."""


@dataclass(frozen=True)
class Step:
    """One instant of a file.

    Attributes:
        instant: aware, UTC.
        bands: by name.
        aliases: other names of bands, with the name in `bands`.
    """

    instant: datetime
    bands: Mapping[str, SceneBand]
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HowToRead:
    """What an archive's files do not say.

    Attributes:
        decode: whether packed numbers become physical values (float64) when they are read: for archives that pack each
            file in its own way. Classes stay as they are.
        classes: names of bands whose numbers are names or bits.
    """

    decode: bool = False
    classes: Collection[str] = ()

    def applied(self, name: str, band: SceneBand) -> SceneBand:
        """The band as it is to be read."""
        if band.is_classes or name in self.classes:
            return replace(band, is_classes=True)
        if not self.decode or (band.dtype == DECODED and (band.scale, band.offset) == (1.0, 0.0)):
            return band
        packing = Packing(band.scale, band.offset, band.nodata)
        return replace(band, dtype=DECODED, nodata=float("nan"), scale=1.0, offset=0.0, packed=packing)
