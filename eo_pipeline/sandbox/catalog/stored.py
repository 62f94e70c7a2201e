"""From stored numbers to pixels and masks: nodata, NaN, scale and offset. Not here: file formats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.graph.pixel_types import DOUBLE, PixelType, pixel_type_of


@dataclass(frozen=True)
class Decoding:
    """How stored values become pixels.

    Attributes:
        scale: factor, or None to serve stored values as they are.
        offset: summand after scaling; None with scale None.
        nodata: stored value that is masked, or None.
    """

    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None

    @property
    def is_scaled(self) -> bool:
        """True if pixels are not the stored values."""
        return self.scale is not None or self.offset is not None

    def pixel_type(self, stored: np.dtype) -> PixelType:
        """The type of the pixels made of this stored type."""
        return DOUBLE if self.is_scaled else pixel_type_of(stored)

    def decode(self, stored: np.ndarray, valid: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (masked ones hold 0) and mask, True where valid.

        Args:
            stored: stored values, (row, column).
            valid: a mask the file brings along, True where valid; None if it has none.
        """
        mask = np.ones(stored.shape, bool) if valid is None else valid
        if self.nodata is not None:
            mask = mask & (stored != self.nodata)
        if stored.dtype.kind == "f":
            mask = mask & ~np.isnan(stored)
        if self.is_scaled:
            factor = 1.0 if self.scale is None else self.scale
            stored = stored.astype(np.float64) * factor + (self.offset or 0.0)
        return np.where(mask, stored, np.zeros((), stored.dtype)), mask
