"""Statistics of a property over a collection. What does not belong here: pixels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.collections import Collection
from eo_pipeline.sandbox.graph.comparing import bounded, text_of
from eo_pipeline.sandbox.graph.properties import comparable, property_of, sort_key
from eo_pipeline.sandbox.graph.reducers import Reducer, single
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()


def _values(collection: Collection, name: str) -> list[object]:
    """Values of a property in order, without nulls."""
    found = (property_of(member, name) for member in collection.all())
    return [value for value in found if value is not None]


def _numbers(collection: Collection, name: str) -> list[float]:
    found = (comparable(value) for value in _values(collection, name))
    return [value for value in found if isinstance(value, int | float)]


@FAMILY.algorithm("AggregateFeatureCollection.array")
def array(collection: Collection, property_: str) -> list[object]:
    """Values in order; elements without one are left out."""
    return _values(collection, property_)


@FAMILY.algorithm("AggregateFeatureCollection.first")
def first(collection: Collection, property_: str) -> object:
    """The first value."""
    return next(iter(_values(collection, property_)), None)


@FAMILY.algorithm("AggregateFeatureCollection.count")
def count(collection: Collection, property_: str) -> int:
    """How many elements have a value."""
    return len(_values(collection, property_))


@FAMILY.algorithm("AggregateFeatureCollection.count_distinct")
def count_distinct(collection: Collection, property_: str) -> int:
    """How many different values there are."""
    return len({repr(bounded(value)) for value in _values(collection, property_)})


@FAMILY.algorithm("AggregateFeatureCollection.min")
def minimum(collection: Collection, property_: str) -> object:
    """The smallest value; null without any."""
    return min(_values(collection, property_), key=sort_key, default=None)


@FAMILY.algorithm("AggregateFeatureCollection.max")
def maximum(collection: Collection, property_: str) -> object:
    """The largest value; null without any."""
    return max(_values(collection, property_), key=sort_key, default=None)


@FAMILY.algorithm("AggregateFeatureCollection.histogram")
def histogram(collection: Collection, property_: str) -> dict[str, int]:
    """How often each value occurs, by the value as text."""
    return dict(Counter(text_of(value) for value in _values(collection, property_)))


def _mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)


def _total_variance(numbers: list[float]) -> float:
    centre = _mean(numbers)
    return math.fsum((number - centre) ** 2 for number in numbers) / len(numbers)


def _sample_variance(numbers: list[float]) -> float | None:
    return _total_variance(numbers) * len(numbers) / (len(numbers) - 1) if len(numbers) > 1 else None


def _root(value: float | None) -> float | None:
    return None if value is None else math.sqrt(value)


_STATISTICS: dict[str, Callable[[list[float]], float | None]] = {
    "mean": _mean,
    "sum": math.fsum,
    "product": math.prod,
    "total_var": _total_variance,
    "total_sd": lambda numbers: _root(_total_variance(numbers)),
    "sample_var": _sample_variance,
    "sample_sd": lambda numbers: _root(_sample_variance(numbers)),
}


def _register(name: str, statistic: Callable[[list[float]], float | None]) -> None:
    def function(collection: Collection, property_: str) -> float | None:
        numbers = _numbers(collection, property_)
        if not numbers:
            return 0.0 if name == "sum" else None
        return statistic(numbers)

    FAMILY.add(f"AggregateFeatureCollection.{name}", function)


for _name, _statistic in _STATISTICS.items():
    _register(_name, _statistic)


@FAMILY.algorithm("AggregateFeatureCollection.stats")
def stats(collection: Collection, property_: str) -> dict[str, object]:
    """Several statistics of the numbers at once."""
    numbers = _numbers(collection, property_)
    values = {name: statistic(numbers) if numbers else None for name, statistic in _STATISTICS.items()}
    ends = {"min": min(numbers, default=None), "max": max(numbers, default=None)}
    return {"total_count": len(collection.members), "valid_count": len(numbers), **ends, **values}


@FAMILY.algorithm("Collection.reduceColumns")
def reduce_columns(
    collection: Collection, reducer: Reducer, selectors: list[str], weight_selectors: list[str] | None
) -> dict[str, object]:
    """Outputs of a reducer over properties; elements in which one is missing do not count, unless it is repeated."""
    rows = [[comparable(property_of(m, name)) for name in selectors] for m in collection.all()]
    heavy = [property_of(m, weight_selectors[0]) if weight_selectors else 1.0 for m in collection.all()]
    usable = [
        (row, weight) for row, weight in zip(rows, heavy, strict=True) if reducer.skips_missing or None not in row
    ]
    if reducer.inputs == 1 and len(selectors) > 1:
        columns = [[value for row, _ in usable for value in row]]
        weights = [weight for row, weight in usable for _ in row]
    else:
        columns = [[row[number] for row, _ in usable] for number in range(len(selectors))]
        weights = [weight for _, weight in usable]
    return reduced_columns(reducer, columns, weights)


def reduced_columns(
    reducer: Reducer, columns: Sequence[Sequence[object]], weights: Sequence[object]
) -> dict[str, object]:
    """Outputs of a reducer over lists of values, by name.

    Raises:
        ServiceError: there are texts among the values, and the reducer needs numbers.
    """
    samples = [_column(column) for column in columns]
    heavy = np.array(weights or [0.0], dtype=np.float64)[:, None]
    try:
        outcomes = reducer.run(samples, heavy)
    except TypeError as error:
        if all(isinstance(value, int | float) for column in columns for value in column):
            raise
        raise ServiceError(f"Reducer: Expected numbers for the outputs {list(reducer.outputs)}.") from error
    return dict(zip(reducer.outputs, map(single, outcomes), strict=True))


def _column(values: Sequence[object]) -> np.ndarray:
    """Values as samples (sample, 1); one uncounted number if there are none."""
    mixed = None in values or len({isinstance(value, str) for value in values}) > 1
    return np.array(values or [0.0], dtype=object if mixed else None)[:, None]
