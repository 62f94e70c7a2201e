"""What of a place is loaded, and how closely. What does not belong here: of which scenes."""

from dataclasses import dataclass

from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics.lattice import frame, part_of
from eo_pipeline.core.rectangles import Rectangle


@dataclass(frozen=True)
class View:
    """A grid, or a part of one.

    Attributes:
        geobox: the grid, by which it is decided which scenes are one observation.
        window: the part of it that is read, all of it if None; pixels do not depend on where it is cut.
        overviews: whether a much coarser grid than the files' may be read from their overviews, to be looked at.
    """

    geobox: GeoBox
    window: Rectangle | None = None
    overviews: bool = False

    @property
    def part(self) -> Rectangle:
        """The pixels that are read."""
        return self.window or frame(self.geobox)

    @property
    def grid(self) -> GeoBox:
        """Of the pixels that are read."""
        return part_of(self.geobox, self.part)
