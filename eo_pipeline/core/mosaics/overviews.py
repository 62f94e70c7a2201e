"""Overviews of a raster: how large they are, which pixels one is made of, and by which rule of its kind of band.

A level is half as high and wide as the one below, rounded up, and covers the same ground: where a size is odd, one
pixel covers a little less than two, as GDAL has it. GDAL 3.12's differ where it is wrong or leaves the choice: it
spreads NaN in means unless nodata is NaN (here NaN is never a value), makes 0 of classes that are all NaN or, if whole
numbers, all a negative nodata (here nodata), rounds some halves down where sizes are odd, and takes the nearest pixel
of upper levels now from the level below (as here), now from the raster, which differs by a pixel where sizes are odd.
Does not belong here: blocks, files and threads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.interleaved import by_rows, empty_pixels
from eo_pipeline.core.kernels.overviews import (
    Cover,
    NoValue,
    average_covered,
    average_float_pairs,
    average_integer_pairs,
    most_frequent,
)
from eo_pipeline.core.rectangles import Rectangle

_WIDE = 4
"""Bytes of whole numbers whose sums need 64 bits."""


@dataclass(frozen=True)
class Halving:
    """What some pixels of an axis are made of: those of the axis twice as long that they cover.

    Attributes:
        size: of the longer axis, in pixels.
        start: first pixel wanted, of the shorter axis.
        stop: one past the last.
    """

    size: int
    start: int
    stop: int

    @property
    def half(self) -> int:
        """Pixels of the shorter axis."""
        return -(-self.size // 2)

    @property
    def span(self) -> tuple[int, int]:
        """First and one past the last pixel of the longer axis that the wanted ones cover at least in part."""
        return self.start * self.size // self.half, -(-self.stop * self.size // self.half)

    @property
    def in_pairs(self) -> bool:
        """Whether every pixel covers just two."""
        return self.size % 2 == 0

    @property
    def cover(self) -> Cover:
        """What each wanted pixel covers, counted from `span`."""
        begins = np.arange(self.start, self.stop, dtype=np.int64) * self.size
        first = begins // self.half
        left = (first[:, None] + np.arange(3)) * self.half
        covered = np.minimum(left + self.half, begins[:, None] + self.size) - np.maximum(left, begins[:, None])
        return Cover(first - self.span[0], np.maximum(covered, 0) / self.half)

    @property
    def nearest(self) -> NDArray[np.int64]:
        """The one pixel that stands for each, counted from `span`: the first of two."""
        begins = np.arange(self.start, self.stop, dtype=np.int64) * self.size
        return np.minimum((2 * begins + self.half) // (2 * self.half), self.size - 1) - self.span[0]


@dataclass(frozen=True)
class WindowBelow:
    """What a window of an overview is made of.

    Attributes:
        rows: of the level below.
        columns: of the level below.
    """

    rows: Halving
    columns: Halving

    @classmethod
    def of(cls, window: Rectangle, below: tuple[int, int]) -> "WindowBelow":
        """For a window of an overview; `below` is the (y, x) shape of the level below."""
        height, width = below
        return cls(
            Halving(height, window.row_start, window.row_stop), Halving(width, window.column_start, window.column_stop)
        )

    @property
    def rectangle(self) -> Rectangle:
        """The pixels of the level below that are needed."""
        (top, bottom), (left, right) = self.rows.span, self.columns.span
        return Rectangle(top, left, bottom, right)

    def halved(self, pixels: NDArray[Any], bands: Sequence[BandEncoding]) -> NDArray[Any]:
        """The overview's window (band, y, x) from `pixels` (band, y, x) of `rectangle`."""
        shape = (self.rows.stop - self.rows.start, self.columns.stop - self.columns.start)
        if len({_no_value(band) for band in bands}) == 1 and all(self._adds_up(band) for band in bands):
            return _average_of_pairs(pixels, bands[0])
        result = empty_pixels((len(bands), *shape), pixels.dtype)
        for source, band, plane in zip(pixels, bands, result, strict=True):
            self._halve(source, band, plane)
        return result

    def _halve(self, source: NDArray[Any], band: BandEncoding, result: NDArray[Any]) -> None:
        if band.kind == "count":
            result[:] = source[np.ix_(self.rows.nearest, self.columns.nearest)]
        elif band.kind == "categorical":
            most_frequent(source, result, self.rows.cover, self.columns.cover, _no_value(band))
        elif not (self.rows.in_pairs and self.columns.in_pairs):
            average_covered(source, result, self.rows.cover, self.columns.cover, _no_value(band))
        elif band.is_float:
            average_float_pairs(source, result, _no_value(band))
        else:
            result[:] = _average_of_pairs(source[None], band)[0]

    def _adds_up(self, band: BandEncoding) -> bool:
        """Whether a band's pixels are means of four whole numbers."""
        return band.kind == "continuous" and not band.is_float and self.rows.in_pairs and self.columns.in_pairs


def _average_of_pairs(pixels: NDArray[Any], band: BandEncoding) -> NDArray[Any]:
    """Means of 2 x 2 whole numbers (band, y, x), of bands like this one."""
    bands, height, width = pixels.shape
    source, means = by_rows(pixels), np.empty((height // 2, width // 2 * bands), pixels.dtype)
    work = np.empty((2, width * bands), np.int64 if pixels.itemsize >= _WIDE else np.int32)
    average_integer_pairs(source, means, bands, _no_value(band), work)
    return np.moveaxis(means.reshape(height // 2, width // 2, bands), 2, 0)


def level_shapes(shape: tuple[int, int], block: int) -> tuple[tuple[int, int], ...]:
    """(y, x) shapes of a raster and its overviews, the last of which fits into one block of `block` pixels."""
    shapes = [shape]
    while max(shapes[-1]) > block:
        height, width = shapes[-1]
        shapes.append((-(-height // 2), -(-width // 2)))
    return tuple(shapes)


def _no_value(band: BandEncoding) -> NoValue:
    """What a band's pixels without a value look like; the next number is upwards, as GDAL has it, if there is one."""
    declared = band.nodata is not None
    if not band.is_float:
        number = 0 if band.nodata is None else int(band.nodata)
        return NoValue(number, number - 1 if number == np.iinfo(band.dtype).max else number + 1, declared)
    nodata = np.dtype(band.dtype).type(np.nan if band.nodata is None else band.nodata)
    upwards = np.nextafter(nodata, np.inf, dtype=band.dtype)
    following = upwards if np.isfinite(upwards) else np.nextafter(nodata, -np.inf, dtype=band.dtype)
    return NoValue(float(nodata), float(following), declared)
