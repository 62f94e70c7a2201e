"""What is asked for one chip, or a part of one: numbers, or a picture.

What does not belong here: when it is asked (`steps.asking`), and what becomes of the chip (`cut_chips`).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.chips.reach import neighbourhood
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.requests.pixel_requests import halves
from eo_pipeline.earth_engine.chip_images import COLOURS, OPAQUE
from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Request
from eo_pipeline.earth_engine.interactive.expression import Expression
from eo_pipeline.earth_engine.interactive.pictures import picture_request, thumbnail_request
from eo_pipeline.earth_engine.interactive.pixels import pixels_request, read_fields, stored_numbers
from eo_pipeline.earth_engine.recipes import COUNTS
from eo_pipeline.earth_engine.region_nodes import with_box

_WHITE = np.iinfo(np.uint8).max


@dataclass(frozen=True, slots=True)
class Cutting:
    """What came of a chip or a part of one.

    Attributes:
        pixels: stored numbers (band, y, x); of a picture, red, green, blue and opacity as uint8.
        observed: observations that were made, over all pixels; 0 if they were not counted.
        usable: of those, usable ones.
        file: a whole PNG, as the service drew it; empty if there is none.
    """

    pixels: NDArray[Any]
    observed: int = 0
    usable: int = 0
    file: bytes = b""


@dataclass(frozen=True, slots=True)
class CuttingImage:
    """What all chips of one image share.

    Attributes:
        numbers: expression of `chip_images.numbers`, or of `chip_images.picture_numbers`.
        picture: expression of `chip_images.picture` where the service shall draw; None if it shall not.
        bands: of numbers; none of pictures.
        counted: True if counts follow the bands.
        tag: workload tag of the compute's account.
    """

    numbers: Expression
    picture: Expression | None
    bands: tuple[BandEncoding, ...]
    counted: bool
    tag: str

    @property
    def names(self) -> tuple[str, ...]:
        """Of the bands that come as numbers, in order."""
        shown = tuple(band.name for band in self.bands) or (*COLOURS, OPAQUE)
        return (*shown, *COUNTS) if self.counted else shown


@dataclass(frozen=True, slots=True)
class NumbersAsk:
    """Numbers of a window of a chip.

    Attributes:
        image: what is cut.
        geobox: of the whole chip.
        window: of the chip.
    """

    image: CuttingImage
    geobox: GeoBox
    window: Rectangle

    def request(self) -> Request:
        """Pixels as NPY."""
        numbers = around(self.image.numbers, self.geobox)
        return pixels_request(numbers, self.geobox[self.window.slices], tag=self.image.tag)

    def read(self, reply: bytes) -> Cutting:
        """The window's numbers or colours."""
        found = read_fields(reply, (self.window.height, self.window.width), self.image.names)
        pixels = stored_numbers(found, self.image.bands) if self.image.bands else _coloured(found)
        if not self.image.counted:
            return Cutting(pixels)
        observed, usable = (int(found[name].sum(dtype=np.int64)) for name in COUNTS)
        return Cutting(pixels, observed, usable)

    def halves(self) -> "Sequence[NumbersAsk]":
        """Upper and lower, or left and right."""
        return [replace(self, window=part) for part in halves(self.window)]

    def join(self, parts: Sequence[Cutting]) -> Cutting:
        """Side by side, as `halves` cut them."""
        return _joined(parts, across=self.window.width > self.window.height)


@dataclass(frozen=True, slots=True)
class PictureAsk:
    """A whole chip that the service draws; what is too much for it comes as a thumbnail, and then as numbers.

    Attributes:
        image: what is cut; the service draws it.
        geobox: of the chip.
        thumbnail: True if a picture at once was too much.
    """

    image: CuttingImage
    geobox: GeoBox
    thumbnail: bool = False

    def request(self) -> Request:
        """A PNG."""
        if self.image.picture is None:
            raise ValueError("expected an image that the service shall draw, got one that comes as numbers")
        ask = thumbnail_request if self.thumbnail else picture_request
        return ask(around(self.image.picture, self.geobox), self.geobox, tag=self.image.tag)

    def read(self, reply: bytes) -> Cutting:
        """The PNG and its colours."""
        try:
            with Image.open(io.BytesIO(reply), formats=["PNG"]) as drawn:
                colours = np.moveaxis(np.asarray(drawn.convert("RGBA")), -1, 0)
        except (OSError, ValueError, SyntaxError) as error:
            raise BrokenReplyError(
                f"Earth Engine: expected a PNG, got {len(reply)} bytes that are none ({error}); ask again"
            ) from error
        height, width = self.geobox.shape
        if colours.shape[1:] != (height, width):
            raise BrokenReplyError(
                f"Earth Engine: expected {(height, width)} rows and columns, got {colours.shape[1:]}; ask again"
            )
        return Cutting(colours, file=reply)

    def halves(self) -> "Sequence[PictureAsk | NumbersAsk]":
        """The whole as a thumbnail; after that as numbers: two halves, or the whole of a small chip."""
        if not self.thumbnail:
            return [replace(self, thumbnail=True)]
        whole = NumbersAsk(self.image, self.geobox, whole_of(self.geobox))
        return whole.halves() or [whole]

    def join(self, parts: Sequence[Cutting]) -> Cutting:
        """Side by side, as `halves` cut them."""
        height, width = self.geobox.shape
        return _joined(parts, across=width > height)


def around(expression: Expression, geobox: GeoBox) -> Expression:
    """The expression for one chip, whose images are those near it."""
    return with_box(expression, neighbourhood(geobox), str(geobox.crs))


def whole_of(geobox: GeoBox) -> Rectangle:
    """All pixels of a GeoBox."""
    height, width = geobox.shape
    return Rectangle(0, 0, int(height), int(width))


def _coloured(found: NDArray[Any]) -> NDArray[np.uint8]:
    """Red, green, blue and opacity (4, y, x)."""
    return np.stack([*(found[name] for name in COLOURS), found[OPAQUE] * np.uint8(_WHITE)]).astype(np.uint8)


def _joined(parts: Sequence[Cutting], *, across: bool) -> Cutting:
    if len(parts) == 1:
        return parts[0]
    pixels = np.concatenate([part.pixels for part in parts], axis=2 if across else 1)
    return Cutting(pixels, sum(part.observed for part in parts), sum(part.usable for part in parts))
