"""Reducers of several inputs, and of moments, by wire name. What does not belong here: what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from eo_pipeline.sandbox.algorithms.reducers import COUNT, one, plain
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph import regressions
from eo_pipeline.sandbox.graph.pixel_types import DOUBLE, PixelType
from eo_pipeline.sandbox.graph.reducers import Part, Reducer, Types
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()

MOST_VARIABLES = 100
"""Variables that a regression may have."""

MOST_BUCKETS = 10_000
"""Buckets of a fixed histogram."""


def _arrays(dimensions: int) -> Types:
    """Doubles in arrays of so many axes."""

    def types(_: Sequence[PixelType]) -> PixelType:
        return DOUBLE.of(dimensions)

    return types


def _count(_: Sequence[PixelType]) -> PixelType:
    return COUNT


_PLAIN = _arrays(0)


@FAMILY.algorithm("Reducer.linearRegression")
def linear_regression(num_x: int, num_y: int) -> Reducer:
    """Least squares of numY variables over numX others."""
    if not (0 < num_x <= MOST_VARIABLES and 0 < num_y <= MOST_VARIABLES):
        raise ServiceError(
            f"Reducer.linearRegression: Expected numX and numY of 1..{MOST_VARIABLES}, got {num_x} and {num_y}."
        )
    statistic = partial(regressions.least_squares, num_x=num_x)
    names = ("coefficients", "residuals")
    return Reducer((Part(statistic, names, (_arrays(2), _arrays(1)), inputs=num_x + num_y),))


@FAMILY.algorithm("Reducer.covariance")
def covariance() -> Reducer:
    """The covariance matrix of one-dimensional arrays."""
    statistic = partial(regressions.covariance, centred=False)
    return Reducer((Part(statistic, ("covariance",), (_arrays(2),)),), takes_arrays=True)


@FAMILY.algorithm("Reducer.centeredCovariance")
def centered_covariance() -> Reducer:
    """The covariance matrix of one-dimensional arrays whose mean is 0."""
    statistic = partial(regressions.covariance, centred=True)
    return Reducer((Part(statistic, ("centeredCovariance",), (_arrays(2),)),), takes_arrays=True)


@FAMILY.algorithm("Reducer.pearsonsCorrelation")
def pearsons_correlation() -> Reducer:
    """The correlation of two inputs and its p-value."""
    return Reducer((Part(regressions.pearson, ("correlation", "p-value"), (_PLAIN, _PLAIN), inputs=2),))


@FAMILY.algorithm("Reducer.sensSlope")
def sens_slope() -> Reducer:
    """The median slope of the second input over the first."""
    return Reducer((Part(regressions.sens_slope, ("slope", "offset"), (_PLAIN, _PLAIN), inputs=2),))


@FAMILY.algorithm("Reducer.skew")
def skew() -> Reducer:
    """The skewness."""
    return one(regressions.skewness, "skew", _PLAIN)


@FAMILY.algorithm("Reducer.kurtosis")
def kurtosis() -> Reducer:
    """The excess kurtosis."""
    return one(regressions.kurtosis, "kurtosis", _PLAIN)


@FAMILY.algorithm("Reducer.countDistinct", "Reducer.countDistinctNonNull")
def count_distinct() -> Reducer:
    """The number of different values."""
    return one(regressions.distinct, "count", _count)


@FAMILY.algorithm("Reducer.and")
def and_() -> Reducer:
    """1 if no sample is 0."""
    return plain("allNonZero")


@FAMILY.algorithm("Reducer.or")
def or_() -> Reducer:
    """1 if a sample is not 0."""
    return plain("anyNonZero")


@FAMILY.algorithm("Reducer.fixedHistogram")
def fixed_histogram(min_: float, max_: float, steps: int, cumulative: bool) -> Reducer:
    """A matrix of lower edges and weights of buckets of equal width."""
    if not min_ < max_ or not 0 < steps <= MOST_BUCKETS:
        raise ServiceError(f"Reducer.fixedHistogram: Expected min < max and 1..{MOST_BUCKETS} steps.")
    statistic = partial(regressions.fixed_histogram, low=min_, high=max_, steps=steps, cumulative=cumulative)
    return one(statistic, "histogram", _arrays(2), weighted=True)


@FAMILY.algorithm("Reducer.getOutputs")
def get_outputs(reducer: Reducer) -> list[str]:
    """Names of the outputs, in order."""
    return list(reducer.outputs)


@FAMILY.algorithm("Reducer.setOutputs")
def set_outputs(reducer: Reducer, outputs: list[str]) -> Reducer:
    """The same reducer with other names of its outputs, in order."""
    if len(outputs) != len(reducer.outputs) or len(set(outputs)) < len(outputs):
        raise ServiceError(f"Reducer.setOutputs: Expected {len(reducer.outputs)} different names, got {outputs}.")
    names = iter(outputs)
    parts = tuple(replace(part, outputs=tuple(next(names) for _ in part.outputs)) for part in reducer.parts)
    return replace(reducer, parts=parts)
