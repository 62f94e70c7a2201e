"""Where a COG's pixels come from, as the writer asks for them. Does not belong here: any raster or rule of overlap."""

from typing import Any, Protocol

from numpy.typing import NDArray

from eo_pipeline.core.rectangles import Rectangle


class BlockSource(Protocol):
    """Pixels of a raster that is to be written; all methods are called from several threads at once.

    Windows are the raster's own rows and columns and never reach beyond it. They begin at multiples of the file's
    block and end at such or at the raster's edge.
    """

    def is_empty(self, window: Rectangle) -> bool:
        """Whether the window holds no value at all; it is then not read. False where finding out would mean reading."""

    def read(self, window: Rectangle) -> NDArray[Any]:
        """Stored numbers (band, y, x) of a window, nodata (0 without one) where there is no value.

        Windows are disjoint and together all of the raster but what `is_empty`, so that a source may count as it reads.
        What it raises stops the writing and reaches the caller as it is.
        """

    def raw(self, block: Rectangle) -> bytes | None:
        """The block's compressed bytes where a file has just this block in just this file's format, else None.

        Asked for single blocks after `read` gave their pixels, which must be those that the bytes decode to: overviews
        are made of them.
        """
