"""The statistics behind reducers, on arrays (sample, place). What does not belong here: their wire names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from eo_pipeline.sandbox.graph.limits import each
from eo_pipeline.sandbox.graph.reducers import Outcome, Samples

_AT_ONCE = 2**16
"""Numbers that a sum takes together."""


def counted(_: Samples, weights: np.ndarray) -> list[Outcome]:
    """Number of samples; 0 is a valid number."""
    number = np.count_nonzero(weights, axis=0)
    return [(number, np.ones(number.shape, bool))]


def counted_every(_: Samples, weights: np.ndarray) -> list[Outcome]:
    """Number of samples, whatever they weigh."""
    return [(np.full(weights.shape[1:], weights.shape[0]), np.ones(weights.shape[1:], bool))]


def total(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Weighted sum; valid where a sample counts."""
    return [(_weighted_sum(samples[0], weights), weights.any(axis=0))]


def product(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Product of the samples."""
    values = np.where(weights > 0, samples[0], 1).astype(np.float64)
    return [(values.prod(axis=0), weights.any(axis=0))]


def mean(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Weighted mean."""
    weight = weights.sum(axis=0, dtype=np.float64)
    return [(_ratio(_weighted_sum(samples[0], weights), weight), weight > 0)]


def variance(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Weighted population variance."""
    centre, valid = mean(samples, weights)[0]
    spread = np.where(weights > 0, samples[0] - centre, 0.0)
    weight = weights.sum(axis=0, dtype=np.float64)
    return [(_ratio(_weighted_sum(spread * spread, weights), weight), valid)]


def standard_deviation(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Weighted population standard deviation."""
    value, valid = variance(samples, weights)[0]
    return [(np.sqrt(value), valid)]


def sample_variance(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Weighted variance times n / (n - 1) with n the sum of weights; valid above one."""
    value, _ = variance(samples, weights)[0]
    weight = weights.sum(axis=0, dtype=np.float64)
    return [(_ratio(value * weight, weight - 1), weight > 1)]


def sample_standard_deviation(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Square root of the sample variance."""
    value, valid = sample_variance(samples, weights)[0]
    return [(np.sqrt(value), valid)]


def minimum(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Smallest sample; of further inputs, the value beside it."""
    return _extreme(samples, weights, smallest=True)


def maximum(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Largest sample; of further inputs, the value beside it."""
    return _extreme(samples, weights, smallest=False)


def first(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """The first sample that counts."""
    return [_picked(samples[0], weights, np.argmax(weights > 0, axis=0))]


def last(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """The last sample that counts."""
    return [_picked(samples[0], weights, len(weights) - 1 - np.argmax((weights > 0)[::-1], axis=0))]


def all_non_zero(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """1 if no sample is 0."""
    zero = (samples[0] == 0) & (weights > 0)
    return [((~zero.any(axis=0)).astype(np.uint8), weights.any(axis=0))]


def any_non_zero(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """1 if a sample is not 0."""
    found = (samples[0] != 0) & (weights > 0)
    return [(found.any(axis=0).astype(np.uint8), weights.any(axis=0))]


def percentiles(samples: Samples, weights: np.ndarray, wanted: Sequence[float]) -> list[Outcome]:
    """Percentiles 0..100, interpolated linearly between the two nearest samples; weights do not matter."""
    ordered, number = _ordered(samples[0], weights)
    return [(_percentile(ordered, number, percent), number > 0) for percent in wanted]


def _percentile(ordered: np.ndarray, number: np.ndarray, percent: float) -> np.ndarray:
    """One percentile of ordered samples, computed at once for all places with the same number of them."""
    result = np.zeros(number.shape)
    for count in np.flatnonzero(np.bincount(number)[1:]) + 1:
        place = (count - 1) * (percent / 100)
        below, above = math.floor(place), math.ceil(place)
        chosen = slice(None) if (number == count).all() else number == count
        low, high = ordered[below][chosen].astype(np.float64), ordered[above][chosen].astype(np.float64)
        with np.errstate(invalid="ignore"):
            result[chosen] = low + (high - low) * (place - below)
    return result


def median(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """The middle sample, or the mean of the two in the middle."""
    return percentiles(samples, weights, [50])


def interval_mean(samples: Samples, weights: np.ndarray, low: float, high: float) -> list[Outcome]:
    """Mean of the samples between two percentiles, both included."""
    (floor, valid), (ceiling, _) = percentiles(samples, weights, [low, high])
    inside = (weights > 0) & (samples[0] >= floor) & (samples[0] <= ceiling)
    return [(mean(samples, inside)[0][0], valid)]


def mode(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """The value with the largest weight; the smallest of several."""
    ranks = np.argsort(samples[0], axis=0, kind="stable")
    values = np.take_along_axis(samples[0], ranks, axis=0)
    heavy = np.take_along_axis(weights.astype(np.float64), ranks, axis=0)
    best_weight = np.zeros(values.shape[1])
    best, running = values[0].copy(), np.zeros(values.shape[1])
    for row in each(range(len(values))):
        same = values[row] == values[row - 1] if row else np.zeros(values.shape[1], bool)
        running = np.where(same, running, 0) + heavy[row]
        better = running > best_weight
        best, best_weight = np.where(better, values[row], best), np.where(better, running, best_weight)
    return [(best, best_weight > 0)]


def _weighted_sum(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sum over samples, a few at a time, so that no second stack is made."""
    result = np.zeros(values.shape[1:])
    step = max(1, _AT_ONCE // max(1, result.size))
    for first in range(0, len(values), step):
        value, weight = values[first : first + step], weights[first : first + step]
        result += (np.where(weight > 0, value, 0) * weight).sum(axis=0, dtype=np.float64)
    return result


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(above, below, out=np.zeros(above.shape), where=below > 0))


def _picked(values: np.ndarray, weights: np.ndarray, index: np.ndarray) -> Outcome:
    return np.take_along_axis(values, index[None], axis=0)[0], weights.any(axis=0)


def _extreme(samples: Samples, weights: np.ndarray, *, smallest: bool) -> list[Outcome]:
    counts = weights > 0
    values = np.where(counts, samples[0], _beyond(samples[0].dtype, above=smallest))
    index = values.argmin(axis=0) if smallest else values.argmax(axis=0)
    is_beyond = ~np.take_along_axis(counts, index[None], axis=0)[0]
    if is_beyond.any():  # the type's last number is the extreme: that of the first sample that counts
        index = np.where(is_beyond, counts.argmax(axis=0), index)
    return [_picked(one, weights, index) for one in samples]


def _beyond(dtype: np.dtype, *, above: bool) -> Any:
    """A value of the type that no sample exceeds (above) or falls below."""
    if dtype.kind == "f":
        return dtype.type(np.inf if above else -np.inf)
    if dtype.kind == "b":
        return np.bool_(above)
    limits = np.iinfo(dtype)
    return dtype.type(limits.max if above else limits.min)


def _ordered(values: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Samples in ascending order at each place, those that do not count at the end; and how many count."""
    number = np.count_nonzero(weights, axis=0)
    padded = np.where(weights > 0, values, _beyond(values.dtype, above=True))
    padded.sort(axis=0)
    return padded, number
