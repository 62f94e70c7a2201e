"""Sums of pixels by zone and band in one pass over a block, and sums of blocks added to those of whole zones.

Numbers are shifted by the first usable one of the zone in the block, so that sums of squares lose nothing to a large
mean; means and squares of blocks are joined as Chan, Golub and LeVeque do (1983), totals with the rounding error of
every addition kept. Sums of integers are thereby exact far beyond 64 bits. Does not belong here: which pixels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.records import Floats, Ints, Runs

COUNT, WEIGHT, TOTAL, TOTAL_REST, MEAN, MEAN_REST, M2, LOW, HIGH = range(9)
"""What the last axis of sums holds: usable pixels; their shares; share * number and what rounding took from it; the
mean and what rounding took from it; share * (number - mean)**2; smallest and largest number, infinite without any."""
FIELDS = 9


@kernel
def sum_runs(pixels: NDArray[Any], nodata: float, factors: Floats, runs: Runs) -> Floats:
    """Sums (k, band, FIELDS) of the zones of one block.

    Args:
        pixels: (band, pixel) stored numbers, pixels counted row by row.
        nodata: the number that means no value; NaN if only NaN does.
        factors: (pixel,) of the shares, NaN where a pixel has none and is unusable; (0,) for no factors.
        runs: the pixels of k zones.
    """
    sums = np.zeros((runs.offsets.size - 1, pixels.shape[0], FIELDS))
    for zone in range(runs.offsets.size - 1):
        for band in range(pixels.shape[0]):
            _sum_zone(pixels[band], nodata, factors, (runs, zone), sums[zone, band])
    return sums


@kernel
def _sum_zone(numbers: NDArray[Any], nodata: float, factors: Floats, zone_of: tuple[Runs, int], sums: Floats) -> None:
    runs, zone = zone_of
    count, weight, total, squares, shift = 0, 0.0, 0.0, 0.0, 0.0
    low, high = np.inf, -np.inf
    for run in range(runs.offsets[zone], runs.offsets[zone + 1]):
        for pixel in range(runs.starts[run], runs.starts[run] + runs.lengths[run]):
            number = np.float64(numbers[pixel])
            share = runs.shares[run] * factors[pixel] if factors.size else runs.shares[run]
            if number == number and number != nodata and share == share:  # noqa: PLR0124  # NaN is not itself
                if not count and abs(number) < np.inf:
                    shift = number
                count += 1
                weight += share
                apart = number - shift
                total += share * apart
                squares += share * apart * apart
                low, high = min(low, number), max(high, number)
    sums[COUNT], sums[WEIGHT], sums[LOW], sums[HIGH] = count, weight, low, high
    sums[TOTAL], sums[TOTAL_REST] = _two_sum(shift * weight, total)
    if weight > 0:
        sums[MEAN], sums[MEAN_REST] = _two_sum(shift, total / weight)
        m2 = squares - total * total / weight
        sums[M2] = 0.0 if m2 < 0 else m2


@kernel
def count_cells(runs: Runs) -> Floats:
    """Pixels (k, 2) of each zone with or without a value, and their shares added up."""
    cells = np.zeros((runs.offsets.size - 1, 2))
    for zone in range(runs.offsets.size - 1):
        for run in range(runs.offsets[zone], runs.offsets[zone + 1]):
            cells[zone, 0] += runs.lengths[run]
            cells[zone, 1] += runs.lengths[run] * runs.shares[run]
    return cells


@kernel
def add_sums(whole: Floats, zones: Ints, parts: Floats) -> None:
    """Add sums (k, band, FIELDS) of a block to those of whole zones (zone, band, FIELDS), in place.

    Args:
        whole: starts as zeros, with LOW at infinity and HIGH at minus infinity.
        zones: (k,) different zones.
        parts: what `sum_runs` returned for them.
    """
    for place in range(zones.size):
        for band in range(whole.shape[1]):
            if parts[place, band, COUNT]:
                _add(whole[zones[place], band], parts[place, band])


@kernel
def _add(whole: Floats, part: Floats) -> None:
    weight = whole[WEIGHT] + part[WEIGHT]
    if weight > 0:
        apart = part[MEAN] - whole[MEAN] + (part[MEAN_REST] - whole[MEAN_REST])
        whole[M2] += part[M2] + apart * apart * (whole[WEIGHT] / weight) * part[WEIGHT]
        mean, rest = _two_sum(whole[MEAN], apart * (part[WEIGHT] / weight))
        whole[MEAN], whole[MEAN_REST] = _two_sum(mean, rest + whole[MEAN_REST])
    whole[COUNT] += part[COUNT]
    whole[WEIGHT] = weight
    total, lost = _two_sum(whole[TOTAL], part[TOTAL])
    whole[TOTAL], whole[TOTAL_REST] = _two_sum(total, lost + whole[TOTAL_REST] + part[TOTAL_REST])
    whole[LOW], whole[HIGH] = min(whole[LOW], part[LOW]), max(whole[HIGH], part[HIGH])


@kernel
def _two_sum(one: float, other: float) -> tuple[float, float]:
    """The rounded sum of two numbers and exactly what rounding lost (Knuth, TAOCP 2, 4.2.2); nothing of infinities."""
    total = one + other
    if not abs(total) < np.inf:
        return total, 0.0
    apart = total - one
    return total, (one - (total - apart)) + (other - apart)
