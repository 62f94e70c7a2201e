"""Which files Earth Engine writes for an export, by name.

A file's name says the row and column of its first pixel in the whole export, rows first, ten digits each; an export
of one file has its prefix alone (https://developers.google.com/earth-engine/guides/exporting_images). What does not
belong here: listing what there is, and where tiles lie by their georeferencing (`mosaics`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from odc.geo.geobox import GeoBox

from eo_pipeline.core.rectangles import Rectangle, windows


@dataclass(frozen=True)
class ExpectedTiles:
    """What one export writes.

    Attributes:
        prefix: of its objects.
        geobox: its pixels, north up.
        file_dimensions: pixels a side of one file; those at the right and lower edges are smaller.
    """

    prefix: str
    geobox: GeoBox
    file_dimensions: int

    def names(self) -> Mapping[str, Rectangle]:
        """The object's name of every file, with its pixels in the export's rows and columns."""
        height, width = self.geobox.shape
        side = self.file_dimensions
        cells = list(windows(height=height, width=width, rows=side, columns=side))
        if len(cells) == 1:
            return {f"{self.prefix}.tif": cells[0]}
        return {f"{self.prefix}-{cell.row_start:010d}-{cell.column_start:010d}.tif": cell for cell in cells}

    def has(self, name: str) -> bool:
        """True for the name of a raster of this export, also one that does not follow from its grid.

        Objects in folders further down are another export's.
        """
        return name.startswith(self.prefix) and name.endswith(".tif") and "/" not in name.removeprefix(self.prefix)
