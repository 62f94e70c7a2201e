"""Reducers by their wire names. What does not belong here: what they are applied to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph import statistics
from eo_pipeline.sandbox.graph.object_statistics import frequencies, grouped, histogram, linear_fit, listed
from eo_pipeline.sandbox.graph.pixel_types import BOOLEAN, DOUBLE, PixelType
from eo_pipeline.sandbox.graph.reducers import Part, Reducer, Statistic, Types, combined, single
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

COUNT = PixelType("int", 0, 2**31 - 1)


def _same(types: Sequence[PixelType]) -> PixelType:
    """The input's type."""
    return types[0]


def _double_in_range(types: Sequence[PixelType]) -> PixelType:
    """Double within the input's range: means and percentiles leave it never."""
    return PixelType("double", types[0].low, types[0].high)


def _double(_: Sequence[PixelType]) -> PixelType:
    return DOUBLE


def _boolean(_: Sequence[PixelType]) -> PixelType:
    return BOOLEAN


def _count(_: Sequence[PixelType]) -> PixelType:
    return COUNT


def one(statistic: Statistic, name: str, types: Types, *, weighted: bool = False) -> Reducer:
    """A reducer of one input and one output."""
    return Reducer((Part(statistic, (name,), (types,), weighted=weighted),))


_PLAIN: dict[str, Reducer] = {
    "count": one(statistics.counted, "count", _count),
    "sum": one(statistics.total, "sum", _double, weighted=True),
    "product": one(statistics.product, "product", _double),
    "mean": one(statistics.mean, "mean", _double_in_range, weighted=True),
    "variance": one(statistics.variance, "variance", _double, weighted=True),
    "sampleVariance": one(statistics.sample_variance, "variance", _double, weighted=True),
    "stdDev": one(statistics.standard_deviation, "stdDev", _double, weighted=True),
    "sampleStdDev": one(statistics.sample_standard_deviation, "stdDev", _double, weighted=True),
    "first": one(statistics.first, "first", _same),
    "firstNonNull": one(statistics.first, "first", _same),
    "last": one(statistics.last, "last", _same),
    "lastNonNull": one(statistics.last, "last", _same),
    "allNonZero": one(statistics.all_non_zero, "all", _boolean),
    "anyNonZero": one(statistics.any_non_zero, "any", _boolean),
    "minMax": Reducer(
        (
            Part(statistics.minimum, ("min",), (_same,)),
            Part(statistics.maximum, ("max",), (_same,)),
        )
    ),
    "frequencyHistogram": one(frequencies, "histogram", _double, weighted=True),
    "linearFit": Reducer((Part(linear_fit, ("scale", "offset"), (_double, _double), inputs=2, weighted=True),)),
}


def _register(name: str, reducer: Reducer) -> None:
    def make() -> Reducer:
        return reducer

    FAMILY.add(f"Reducer.{name}", make)


for _name, _reducer in _PLAIN.items():
    _register(_name, _reducer)


def plain(name: str) -> Reducer:
    """The reducer of a short name without arguments, for example mean."""
    return {**_PLAIN, "median": median(), "mode": mode(), "min": min_(1), "max": max_(1)}[name]


@FAMILY.algorithm("Reducer.countEvery")
def count_every() -> Reducer:
    """The number of samples, valid or not; needs no input."""
    return Reducer((Part(statistics.counted_every, ("count",), (_count,), inputs=0, sees_masked=True),))


@FAMILY.algorithm("Reducer.median")
def median() -> Reducer:
    """The exact median, of any number of samples."""
    return one(statistics.median, "median", _double_in_range)


@FAMILY.algorithm("Reducer.mode")
def mode() -> Reducer:
    """The most frequent value, of any number of samples."""
    return one(statistics.mode, "mode", _same, weighted=True)


@FAMILY.algorithm("Reducer.min")
def min_(num_inputs: int) -> Reducer:
    """The smallest value of the first input, and the values of the others beside it."""
    return _extreme(statistics.minimum, "min", num_inputs)


@FAMILY.algorithm("Reducer.max")
def max_(num_inputs: int) -> Reducer:
    """The largest value of the first input, and the values of the others beside it."""
    return _extreme(statistics.maximum, "max", num_inputs)


def _extreme(statistic: Statistic, name: str, inputs: int) -> Reducer:
    if inputs < 1:
        raise ServiceError(f"Reducer.{name}: numInputs must be positive, got {inputs}.")
    names = (name, *(f"{name}{number}" for number in range(1, inputs)))
    types = tuple(_nth(number) for number in range(inputs))
    return Reducer((Part(statistic, names, types, inputs=inputs),))


def _nth(number: int) -> Types:
    return lambda types: types[number]


@FAMILY.algorithm("Reducer.percentile")
def percentile(percentiles: list[float], output_names: list[str] | None) -> Reducer:
    """Exact percentiles 0..100; outputs p0, p50, ... unless named."""
    names = output_names or [f"p{number:g}" for number in percentiles]
    if len(names) != len(percentiles):
        raise ServiceError(f"Reducer.percentile: Expected {len(percentiles)} output names, got {len(names)}.")
    statistic = partial(statistics.percentiles, wanted=list(percentiles))
    return Reducer((Part(statistic, tuple(names), (_double_in_range,) * len(names)),))


@FAMILY.algorithm("Reducer.intervalMean")
def interval_mean(min_percentile: float, max_percentile: float) -> Reducer:
    """The mean of the values between two percentiles."""
    statistic = partial(statistics.interval_mean, low=min_percentile, high=max_percentile)
    return one(statistic, "mean", _double_in_range)


@FAMILY.algorithm("Reducer.histogram")
def histogram_reducer(max_buckets: int | None, min_bucket_width: float | None) -> Reducer:
    """Counts in buckets of equal width."""
    statistic = partial(histogram, buckets=max_buckets or 256, narrowest=min_bucket_width or 0.0)
    return one(statistic, "histogram", _double, weighted=True)


@FAMILY.algorithm("Reducer.toList")
def to_list(tuple_size: int | None) -> Reducer:
    """The samples as a list, or as tuples of several inputs."""
    return Reducer((Part(partial(listed, size=tuple_size), ("list",), (_double,), inputs=tuple_size or 1),))


@FAMILY.algorithm("Reducer.combine")
def combine(reducer1: Reducer, reducer2: Reducer, output_prefix: str, shared_inputs: bool) -> Reducer:
    """Two reducers side by side."""
    return combined(reducer1, reducer2, prefix=output_prefix, shared=shared_inputs)


@FAMILY.algorithm("Reducer.unweighted")
def unweighted(reducer: Reducer) -> Reducer:
    """The same reducer of samples that count fully or not at all."""
    return reducer.unweighted()


@FAMILY.algorithm("Reducer.repeat")
def repeat(reducer: Reducer, count: int) -> Reducer:
    """A reducer on each of several inputs; outputs are lists."""
    if reducer.inputs != 1:
        raise ServiceError(f"Reducer.repeat: Expected a reducer with 1 input, got {reducer.inputs}.")

    def statistic(samples: Sequence[np.ndarray], weights: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        runs = [reducer.run(*_present(one_input, weights)) for one_input in samples]
        return [_as_lists([run[output] for run in runs]) for output in range(len(reducer.outputs))]

    types = (_double,) * len(reducer.outputs)
    return Reducer((Part(statistic, reducer.outputs, types, 0, count, reducer.is_weighted, skips_missing=True),))


def _present(samples: np.ndarray, weights: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Samples with another one in place of None, which then does not count."""
    present = np.array([value is not None for value in samples.ravel()]).reshape(samples.shape)
    if present.all():
        return [samples], weights
    stand_in = samples[present][0] if present.any() else 0.0
    filled = np.array(np.where(present, samples, stand_in).tolist())
    return [filled], weights * present.astype(weights.dtype)


def _as_lists(outcomes: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    places = len(outcomes[0][0])
    lists = np.empty(places, dtype=object)
    for place in range(places):
        lists[place] = [single((values[place : place + 1], valid[place : place + 1])) for values, valid in outcomes]
    return lists, np.ones(places, bool)


@FAMILY.algorithm("Reducer.group")
def group(reducer: Reducer, group_field: int, group_name: str) -> Reducer:
    """A reducer for each value of one input; the output is a list of dictionaries."""
    statistic = partial(grouped, reducer=reducer, field=group_field, name=group_name)
    return Reducer((Part(statistic, ("groups",), (_double,), 0, reducer.inputs + 1, reducer.is_weighted),))
