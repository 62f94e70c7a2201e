"""Fits, correlations and covariances of several inputs, for all places at once. What does not belong here: names."""

from __future__ import annotations

import numpy as np
from scipy import special

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.array_pixels import block_of, cells
from eo_pipeline.sandbox.graph.reducers import Outcome, Samples

MOST_PAIRED = 1000
"""Samples of a place of which all pairs may be looked at."""


def least_squares(samples: Samples, weights: np.ndarray, num_x: int) -> list[Outcome]:
    """Coefficients (x, y), and the root mean square of the residuals (y); valid with more samples than x.

    Args:
        samples: the independent variables, then the dependent ones.
        weights: (sample, place), 0 where a sample does not count; the others count fully.
        num_x: how many variables are independent.
    """
    used = (weights > 0).T[..., None]
    block = np.stack([one.T for one in samples], axis=-1).astype(np.float64)
    block = np.where(used, block, 0)
    x, y = block[..., :num_x], block[..., num_x:]
    number = used.sum(axis=(1, 2))
    coefficients = np.linalg.pinv(x) @ y
    squares = ((y - x @ coefficients) ** 2).sum(axis=1)
    residuals = np.sqrt(squares / np.maximum(number, 1)[:, None])
    valid = number > num_x
    return [(cells(coefficients), valid), (cells(residuals), valid)]


def covariance(samples: Samples, weights: np.ndarray, *, centred: bool) -> list[Outcome]:
    """The covariance matrix of arrays of one length, divided by their number.

    Raises:
        ServiceError: samples are not arrays, or differ in length.
    """
    if samples[0].dtype != object:
        raise ServiceError("Reducer.covariance: The input must be 1-D arrays.")
    found = np.empty(weights.shape[1], object)
    for place in range(weights.shape[1]):
        chosen = samples[0][:, place][weights[:, place] > 0]
        if len({one.shape for one in chosen}) > 1 or any(one.ndim != 1 for one in chosen):
            raise ServiceError("Reducer.covariance: Arrays must have one dimension and the same length.")
        block = block_of(chosen, np.dtype("f8")) if len(chosen) else np.zeros((0, 0))
        block = block if centred or not len(block) else block - block.mean(axis=0)
        found[place] = block.T @ block / max(1, len(block))
    return [(found, weights.any(axis=0))]


def _deviations(samples: Samples, weights: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Samples less their mean, 0 where they do not count; and how many count."""
    used = weights > 0
    number = used.sum(axis=0)
    values = [np.where(used, one, 0).astype(np.float64) for one in samples]
    means = [one.sum(axis=0) / np.maximum(number, 1) for one in values]
    return [np.where(used, one - mean, 0) for one, mean in zip(values, means, strict=True)], number


def pearson(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """The correlation of two inputs and the two-sided p-value of there being none."""
    (x, y), number = _deviations(samples, weights)
    spread = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    valid = (spread > 0) & (number > 1)
    r = np.clip(np.divide((x * y).sum(axis=0), spread, out=np.zeros_like(spread), where=valid), -1, 1)
    free = number - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(r) * np.sqrt(np.maximum(free, 0) / (1 - r * r))
    p = 2 * special.stdtr(np.maximum(free, 1), -np.nan_to_num(t, nan=np.inf))
    return [(r, valid), (p, valid & (free > 0))]


def sens_slope(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """The median slope of all pairs of samples with different x, and the offset through both medians.

    Raises:
        ServiceError: there are too many samples to look at all pairs.
    """
    if len(weights) > MOST_PAIRED:
        raise ServiceError(f"Reducer.sensSlope: The sandbox takes at most {MOST_PAIRED} samples, got {len(weights)}.")
    used = weights > 0
    x, y = (np.where(used, one, np.nan).astype(np.float64) for one in samples)
    slope = np.full(weights.shape[1], np.nan)
    for place in range(0, weights.shape[1], step := max(1, 4_000_000 // len(weights) ** 2)):
        part = slice(place, place + step)
        first, second = np.triu_indices(len(weights), 1)
        run, rise = x[second, part] - x[first, part], y[second, part] - y[first, part]
        slopes = np.divide(rise, run, out=np.full(run.shape, np.nan), where=run != 0)
        slope[part] = _median(slopes)
    valid = np.isfinite(slope)
    return [(slope, valid), (_median(y) - slope * _median(x), valid)]


def _median(values: np.ndarray) -> np.ndarray:
    """(place) medians of what is a number; not a number without any."""
    number = np.isfinite(values).sum(axis=0)
    if not len(values):
        return np.full(values.shape[1], np.nan)
    ordered = np.sort(values, axis=0)
    low, high = (np.maximum(number - 1, 0) // 2, number // 2)
    places = np.arange(values.shape[1])
    middle = (ordered[low, places] + ordered[np.minimum(high, len(values) - 1), places]) / 2
    return np.asarray(np.where(number > 0, middle, np.nan))


def skewness(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """The third central moment over the cubed standard deviation."""
    return [_moment(samples, weights, 3)]


def kurtosis(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """The fourth central moment over the squared variance, less 3."""
    values, valid = _moment(samples, weights, 4)
    return [(values - 3, valid)]


def _moment(samples: Samples, weights: np.ndarray, power: int) -> Outcome:
    (away,), number = _deviations(samples, weights)
    count = np.maximum(number, 1)
    spread = (away**2).sum(axis=0) / count
    valid = spread > 0
    moment = (away**power).sum(axis=0) / count
    return np.divide(moment, spread ** (power / 2), out=np.zeros_like(spread), where=valid), valid


def distinct(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """How many different values there are."""
    used = weights > 0
    ordered = np.sort(np.where(used, samples[0].astype(np.float64), np.inf), axis=0)
    new = np.ones(ordered.shape, bool)
    new[1:] = ordered[1:] != ordered[:-1]
    number = used.sum(axis=0)
    first = np.arange(len(ordered))[:, None] < number
    return [((new & first).sum(axis=0), np.ones(number.shape, bool))]


def fixed_histogram(
    samples: Samples, weights: np.ndarray, *, low: float, high: float, steps: int, cumulative: bool
) -> list[Outcome]:
    """A matrix (bucket, 2) of lower edges and weights; values outside of low and high do not count."""
    edges = low + (high - low) / steps * np.arange(steps)
    bucket = np.floor((samples[0].astype(np.float64) - low) / ((high - low) / steps))
    counted = (weights > 0) & (samples[0] >= low) & (samples[0] < high)
    places = np.broadcast_to(np.arange(weights.shape[1]), weights.shape)[counted]
    index = places * steps + np.minimum(bucket[counted], steps - 1).astype(np.int64)
    heavy = np.bincount(index, weights[counted].astype(np.float64), minlength=steps * weights.shape[1])
    counts = heavy.reshape(-1, steps)
    counts = counts.cumsum(axis=1) if cumulative else counts
    matrices = np.stack([np.broadcast_to(edges, counts.shape), counts], axis=-1)
    return [(cells(matrices), np.ones(weights.shape[1], bool))]
