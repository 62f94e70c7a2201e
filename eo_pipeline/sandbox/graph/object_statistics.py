"""Statistics whose results are lists and dictionaries, and the fit of a line. What does not belong here: wire names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eo_pipeline.sandbox.graph.limits import each, memory_exceeded
from eo_pipeline.sandbox.graph.reducers import Outcome, Reducer, Samples, single

LONGEST_LIST = 1_000_000
"""Elements that a list may be made of."""


def _each_place(weights: np.ndarray, make: Callable[[int, np.ndarray], object]) -> Outcome:
    """One Python value a place, from the samples that count there."""
    places = weights.shape[1]
    values = np.empty(places, dtype=object)
    for place in each(range(places)):
        values[place] = make(place, weights[:, place] > 0)
    return values, np.ones(places, bool)


def listed(samples: Samples, weights: np.ndarray, size: int | None) -> list[Outcome]:
    """The samples in order; tuples of all inputs if a size is given."""

    def make(place: int, used: np.ndarray) -> object:
        if np.count_nonzero(used) * len(samples) > LONGEST_LIST:
            raise memory_exceeded()
        columns = [one[used, place].tolist() for one in samples]
        return columns[0] if size is None else [list(row) for row in zip(*columns, strict=True)]

    return [_each_place(weights, make)]


def frequencies(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Weight of each value, keyed by the value as text."""

    def make(place: int, used: np.ndarray) -> object:
        values, inverse = np.unique(samples[0][used, place], return_inverse=True)
        heavy = np.bincount(inverse, weights[used, place].astype(np.float64), minlength=len(values))
        return {_text(value): float(weight) for value, weight in zip(values.tolist(), heavy, strict=True)}

    return [_each_place(weights, make)]


def _text(value: float) -> str:
    """A number as a key: whole ones without a decimal point."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def histogram(samples: Samples, weights: np.ndarray, buckets: int, narrowest: float) -> list[Outcome]:
    """Weights in buckets of equal width that start at the smallest sample."""

    def make(place: int, used: np.ndarray) -> object:
        values = samples[0][used, place].astype(np.float64)
        if not len(values):
            return None
        low, high = float(values.min()), float(values.max())
        width = max(narrowest, (high - low) / buckets) or 1.0
        number = min(buckets, int((high - low) / width) + 1)
        index = np.minimum(((values - low) / width).astype(np.int64), number - 1)
        heavy = np.bincount(index, weights[used, place].astype(np.float64), minlength=number)
        means = np.bincount(index, values * weights[used, place], minlength=number)
        centres = low + (np.arange(number) + 0.5) * width
        return {
            "bucketMin": low,
            "bucketWidth": width,
            "bucketMeans": np.divide(means, heavy, out=centres, where=heavy > 0).tolist(),
            "histogram": heavy.tolist(),
        }

    return [_each_place(weights, make)]


def linear_fit(samples: Samples, weights: np.ndarray) -> list[Outcome]:
    """Slope and offset of the least-squares line of the second input over the first."""
    w = weights.astype(np.float64)
    number = np.maximum(w.sum(axis=0), np.finfo(float).tiny)
    x, y = (np.where(weights > 0, one, 0).astype(np.float64) for one in samples)
    x_mean, y_mean = (w * x).sum(axis=0) / number, (w * y).sum(axis=0) / number
    dx, dy = np.where(weights > 0, x - x_mean, 0), np.where(weights > 0, y - y_mean, 0)
    spread = (w * dx * dx).sum(axis=0)
    slope = np.divide((w * dx * dy).sum(axis=0), spread, out=np.zeros_like(spread), where=spread > 0)
    valid = spread > 0
    return [(slope, valid), (y_mean - slope * x_mean, valid)]


def grouped(samples: Samples, weights: np.ndarray, reducer: Reducer, field: int, name: str) -> list[Outcome]:
    """A dictionary of the group and the reducer's outputs for each value of one input, in ascending order."""

    def make(place: int, used: np.ndarray) -> object:
        keys = samples[field][used, place]
        others = [one[used, place] for number, one in enumerate(samples) if number != field]
        return [_group(key, keys, others, weights[used, place]) for key in np.unique(keys)]

    def _group(key: np.generic, keys: np.ndarray, others: list[np.ndarray], heavy: np.ndarray) -> dict[str, object]:
        here = keys == key
        outcomes = reducer.run([one[here][:, None] for one in others], heavy[here][:, None])
        values = map(single, outcomes)
        return {name: key.item(), **dict(zip(reducer.outputs, values, strict=True))}

    return [_each_place(weights, make)]
