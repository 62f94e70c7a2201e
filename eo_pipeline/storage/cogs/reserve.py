"""How much room overviews will take, by what those of some windows of the raster took.

Does not belong here: what becomes of blocks if it is too little (see `whole_file`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from eo_pipeline.core.rectangles import Rectangle

_LEAST, _SHARE = 8, 16
"""Windows of a sample at least, and one in so many of larger rasters."""

_FEWEST = 4 * _LEAST
"""Windows of a raster that is worth a sample."""

_GOLDEN = (5**0.5 - 1) / 2
"""Its multiples, without their whole part, are spread evenly over 0 to 1 however many there are."""

_ERROR = 0.5
"""Part of the standard error of the sample's mean that is added to it."""

_MORE = 1.03
"""Times the room that is expected to be needed."""


def sample(windows: Sequence[Rectangle]) -> list[Rectangle]:
    """Some windows from all over a raster, in the order of all; none of a small one."""
    if len(windows) < _FEWEST:
        return []
    count = max(_LEAST, len(windows) // _SHARE)
    return [windows[place] for place in sorted({int((n * _GOLDEN) % 1 * len(windows)) for n in range(count)})]


@dataclass
class Reserve:
    """What is known of a raster's sample.

    Attributes:
        shapes: (y, x) of the raster and its overviews, in pixels.
        pixel_bytes: of one pixel of all bands, before compression.
    """

    shapes: Sequence[tuple[int, int]]
    pixel_bytes: int
    _seen: list[tuple[int, int, int]] = field(default_factory=list)

    def learn(self, pixels: int, raster: int, overview: int) -> int:
        """Remember a window's pixels and the bytes of its blocks and of its first overview's; how many are known."""
        self._seen.append((pixels, raster, overview))
        return len(self._seen)

    def overviews(self) -> int:
        """Bytes that all overviews will hardly exceed.

        From one to the next, bytes a pixel are taken to grow as they did from the raster to the first, or to stay. The
        error of a mean of windows that differ is added in part, since windows from all over tell more than random ones.
        """
        pixels, raster, overview = np.array(self._seen, np.float64).T
        first = overview.sum() / pixels.sum() * 4
        growth = max(1.0, first * pixels.sum() / max(1.0, raster.sum()))
        apart = np.std(4 * overview / pixels) / len(pixels) ** 0.5
        counts = [height * width for height, width in self.shapes[1:]]
        each = [min(1.0 * self.pixel_bytes, (first + _ERROR * apart) * growth**level) for level in range(len(counts))]
        return int(_MORE * sum(count * size for count, size in zip(counts, each, strict=True)))
