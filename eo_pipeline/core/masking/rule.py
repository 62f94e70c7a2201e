"""One rule for the pixels of one scene. Does not belong here: what a product says (`declared`)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.masking.bits import BitFields, ClearBits
from eo_pipeline.core.masking.classes import Classes
from eo_pipeline.core.masking.dilation import dilated, halo, opened
from eo_pipeline.core.masking.thresholds import Between
from eo_pipeline.core.product.mask import WIDEST_DISK
from eo_pipeline.errors import ProductError

_ONE_SCENE = 2
"""Dimensions of its quality band: (y, x)."""

Test = Classes | ClearBits | BitFields | Between


@dataclass(frozen=True)
class MaskRule:
    """Which pixels of a scene are usable, at its native resolution.

    Attributes:
        band: the quality band that is read, by nearest neighbour if it must be resampled: classes have no mean.
        test: of its numbers.
        dilation: radius in pixels of the disk by which unusable pixels grow; 0 for none.
        opening: radius in pixels of a disk; unusable specks without room for it are usable, which is seen before
            anything grows; 0 for none.
    """

    band: str
    test: Test
    dilation: float = 0.0
    opening: float = 0.0

    def __post_init__(self) -> None:
        for name, radius in (("a dilation", self.dilation), ("an opening", self.opening)):
            if not 0 <= radius <= WIDEST_DISK:
                raise ProductError(
                    f"mask: expected {name} from 0 to {WIDEST_DISK} pixels, got {radius:g}; "
                    "give it in pixels of the quality band"
                )

    @property
    def halo(self) -> int:
        """Pixels of the quality band that are read on each side of a window, beyond it."""
        return halo(self.dilation, opening=self.opening)

    def usable(self, quality: NDArray[Any], *, nodata: float | None = None) -> NDArray[np.bool_]:
        """True where a pixel is usable.

        What the quality band does not know is unusable, as where Earth Engine masks it; only what is known to be
        unusable grows.

        Args:
            quality: (y + 2 halo, x + 2 halo), or (observation, ...) of the same: the window and its halo, filled with
                `nodata` where the scene ends.
            nodata: the number that means no value; None if there is none. NaN never is a value.

        Returns:
            (y, x) or (observation, y, x), without the halo.

        Raises:
            ProductError: the test needs whole numbers, and the band has others.
        """
        if quality.ndim == _ONE_SCENE:
            return self._of_one(quality, nodata)
        height, width = (length - 2 * self.halo for length in quality.shape[1:])
        made = np.empty((len(quality), height, width), dtype=np.bool_)
        for one, usable in zip(quality, made, strict=True):  # what is made on the way stays in the processor's cache
            usable[:] = self._of_one(one, nodata)
        return made

    def _of_one(self, quality: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
        known = _known(quality, nodata)
        unusable = known & ~self.test.usable(quality)
        if self.opening:
            unusable = opened(unusable, self.opening, known=known)
        if self.dilation:
            unusable = dilated(unusable, self.dilation)
        height, width = quality.shape
        return (known & ~unusable)[self.halo : height - self.halo, self.halo : width - self.halo]


def _known(quality: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
    known = np.ones(quality.shape, dtype=np.bool_) if nodata is None else np.asarray(quality != nodata)
    return known & ~np.isnan(quality) if quality.dtype.kind == "f" else known
