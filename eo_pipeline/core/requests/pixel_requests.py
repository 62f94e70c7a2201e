"""How an image is cut into requests for pixels that Earth Engine answers at once, and when that is the better road.

What does not belong here: asking (`earth_engine.pixels`), and which requests are under way (`steps.fetch_windows`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle, windows
from eo_pipeline.errors import ProductError

REQUEST_BYTES = 48 * 2**20
"""Uncompressed bytes of one request over all bands (reference of `projects.image.computePixels`)."""

REQUEST_SIDE = 32768
"""Pixels a side of one request (the same page: "32K pixels in either dimension")."""

REQUEST_BANDS = 1024
"""Bands of one request (the same page)."""

TARGET_BYTES = 16 * 2**20
"""Bytes that windows are cut to: a third of the limit, as geedim's `max_tile_size` of 16 MB, since memory and time of
the service run out long before the limit of bytes does."""

STEP = 256
"""Windows are multiples of this many pixels, as are the files of an export (`shardSize`)."""

FLOOR = 64
"""Pixels a side of the smallest window that is asked for after larger ones were too much for the service."""

Road = Literal["batch", "interactive"]
Route = Literal["auto", "batch", "interactive"]


class Size(NamedTuple):
    """What decides how large a request is."""

    height: int
    """Rows in pixels."""
    width: int
    """Columns in pixels."""
    bands: int
    pixel_bytes: int
    """Bytes of one pixel over all bands."""

    @property
    def bytes(self) -> int:
        """Uncompressed, over all bands, as the service counts them."""
        return self.height * self.width * self.pixel_bytes


@dataclass(frozen=True)
class Choice:
    """A road with the reason for a person."""

    road: Road
    reason: str


def size_of(shape: tuple[int, int], bands: Sequence[BandEncoding]) -> Size:
    """The size of an image (rows, columns) with its bands as they are stored."""
    return Size(*shape, len(bands), sum(np.dtype(band.dtype).itemsize for band in bands))


def fits_interactive(size: Size) -> Choice:
    """The rule of `route: auto`: interactive if one request could ask for the whole image, so at most 48 MB.

    Such an image is worth no place in the queue of tasks; it is still fetched in several windows of TARGET_BYTES.
    """
    told = f"{size.width} x {size.height} px of {size.bands} band(s), {size.bytes / 2**20:.1f} MiB"
    if size.bands > REQUEST_BANDS:
        return Choice("batch", f"{told}: more than {REQUEST_BANDS} bands, which a request for pixels may not have")
    if max(size.height, size.width) > REQUEST_SIDE:
        return Choice("batch", f"{told}: more than {REQUEST_SIDE} px a side, which a request for pixels may not have")
    if size.bytes > REQUEST_BYTES:
        return Choice("batch", f"{told}: more than the {REQUEST_BYTES // 2**20} MiB of a request for pixels")
    return Choice("interactive", f"{told}: no more than a request for pixels may have")


def route(declared: Route, size: Size, *, tiles_only: bool = True) -> Choice:
    """The road of one image.

    Args:
        declared: by the product.
        size: of the image.
        tiles_only: False if the export also has to leave something elsewhere, as one to Drive or to an Earth Engine
            asset does, or is no image.

    Raises:
        ProductError: `interactive` is declared, but no request could do that.
    """
    if declared == "batch":
        return Choice("batch", "the product says route: batch")
    if not tiles_only:
        if declared == "interactive":
            raise ProductError(
                "export.route: expected batch or auto, got interactive, for an export whose destination only a task "
                "can write to; remove route or export images to Cloud Storage"
            )
        return Choice("batch", "only a task can write to the destination")
    if declared == "auto":
        return fits_interactive(size)
    if size.bands > REQUEST_BANDS:
        raise ProductError(
            f"export.route: expected at most {REQUEST_BANDS} bands for interactive, got {size.bands}; "
            "write route: batch"
        )
    return Choice("interactive", "the product says route: interactive")


def cut(size: Size, *, target_bytes: int = TARGET_BYTES) -> tuple[Rectangle, ...]:
    """Windows row by row, as square and equal as may be, of at most `target_bytes` and REQUEST_SIDE pixels a side.

    Rows and columns are multiples of STEP; where even STEP x STEP pixels have too many bytes, STEP is halved.
    """
    pixels = min(target_bytes, REQUEST_BYTES) // size.pixel_bytes
    step = STEP
    while step > 1 and step * step > pixels:
        step //= 2
    side = int(pixels**0.5) // step * step
    rows = _even(size.height, max(side, pixels // _up(size.width, step) // step * step), step)
    columns = _even(size.width, pixels // rows // step * step, step)
    return tuple(windows(height=size.height, width=size.width, rows=rows, columns=columns))


def halves(rectangle: Rectangle) -> tuple[Rectangle, ...]:
    """The two halves of the longer side, cut at a multiple of FLOOR; () if both sides are at most FLOOR."""
    long = max(rectangle.height, rectangle.width)
    if long <= FLOOR:
        return ()
    first = _up(-(-long // 2), FLOOR)
    row, column = rectangle.row_start, rectangle.column_start
    if rectangle.height == long:
        parts = windows(height=long, width=rectangle.width, rows=first, columns=rectangle.width)
    else:
        parts = windows(height=rectangle.height, width=long, rows=rectangle.height, columns=first)
    return tuple(part.shifted(rows=row, columns=column) for part in parts)


def _even(length: int, longest: int, step: int) -> int:
    """The side of equal parts, a multiple of `step`, at most `longest` and REQUEST_SIDE, that `length` is cut into."""
    longest = max(step, min(longest, REQUEST_SIDE))
    return min(longest, _up(-(-length // -(-length // longest)), step))


def _up(length: int, step: int) -> int:
    return -(-length // step) * step
