"""Whether two mosaics hold the same, read through rasterio window by window. Does not belong here: timing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate

ROWS = 512


@dataclass(frozen=True)
class Difference:
    """Of two rasters of one size.

    Attributes:
        pixels: values that differ.
        largest: difference of two values that both have.
        nodata: values that only one of them has.
    """

    pixels: int = 0
    largest: float = 0.0
    nodata: int = 0

    def __add__(self, other: "Difference") -> "Difference":
        return Difference(self.pixels + other.pixels, max(self.largest, other.largest), self.nodata + other.nodata)


def difference(ours: Path, theirs: Path, *, overview: int | None = None) -> Difference:
    """Of all bands at full resolution, or of one overview, counted from 0."""
    options = {} if overview is None else {"overview_level": overview}
    total = Difference()
    with rasterio.open(ours, **options) as mine, rasterio.open(theirs, **options) as other:
        if mine.shape != other.shape:
            msg = f"expected rasters of one shape, got {mine.shape} in {ours} and {other.shape} in {theirs}"
            raise ValueError(msg)
        for row in range(0, mine.height, ROWS):
            window = Window(0, row, mine.width, min(ROWS, mine.height - row))
            total += _difference(mine.read(window=window), other.read(window=window), mine.nodata)
    return total


def overview_difference(ours: Path, theirs: Path) -> Difference:
    """Of all overviews that both have."""
    with rasterio.open(ours) as mine, rasterio.open(theirs) as other:
        common = min(len(mine.overviews(1)), len(other.overviews(1)))
    return sum((difference(ours, theirs, overview=number) for number in range(common)), Difference())


def same_place(ours: Path, theirs: Path) -> bool:
    """Whether CRS, transform, shape, types and nodata are the same."""

    def facts(path: Path) -> tuple[Any, ...]:
        with rasterio.open(path) as dataset:
            return (dataset.crs, dataset.transform, dataset.shape, dataset.dtypes, dataset.nodatavals)

    return facts(ours) == facts(theirs)


def overviews_of(path: Path) -> list[int]:
    """Factors of the overviews."""
    with rasterio.open(path) as dataset:
        return [int(factor) for factor in dataset.overviews(1)]


def is_cog(path: Path) -> bool:
    """Whether rio-cogeo finds a valid COG, warnings taken for errors."""
    valid, _, _ = cog_validate(path, strict=True, quiet=True)
    return bool(valid)


def _difference(mine: NDArray[Any], other: NDArray[Any], nodata: float | None) -> Difference:
    if np.array_equal(mine, other):
        return Difference()
    both = (mine != nodata) & (other != nodata)
    apart = np.abs(mine.astype(np.float64) - other)[both]
    lonely = (mine == nodata) ^ (other == nodata)
    return Difference(int((mine != other).sum()), float(apart.max(initial=0)), int(lonely.sum()))
