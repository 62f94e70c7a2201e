"""Values of an expression other than shapes, images and collections. What does not belong here: their functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from eo_pipeline.sandbox.graph.geometry import Geometry


@dataclass(frozen=True)
class Date:
    """An instant.

    Attributes:
        milliseconds: since 1970-01-01T00:00 UTC.
    """

    milliseconds: int

    def published(self) -> dict[str, object]:
        """The JSON a client gets."""
        return {"type": "Date", "value": self.milliseconds}


@dataclass(frozen=True)
class DateRange:
    """A half-open range of instants.

    Attributes:
        start: first instant inside.
        end: first instant after.
    """

    start: Date
    end: Date

    def published(self) -> dict[str, object]:
        """The JSON a client gets."""
        return {"type": "DateRange", "dates": [self.start.milliseconds, self.end.milliseconds]}


@dataclass(frozen=True)
class ErrorMargin:
    """How far a result may be from the exact one; the sandbox computes exactly and only echoes it.

    Attributes:
        value: the distance, None for infinite.
        unit: meters, projected or infinite.
    """

    value: float | None
    unit: str

    def published(self) -> dict[str, object]:
        """The JSON a client gets."""
        return {"type": "ErrorMargin", "unit": self.unit, "value": self.value}


@dataclass(frozen=True)
class Feature:
    """A shape with properties.

    Attributes:
        geometry: the shape, or None.
        properties: what a client sees, and system:index where the feature is part of a collection.
    """

    geometry: Geometry | None
    properties: Mapping[str, object] = field(default_factory=dict)

    def with_properties(self, properties: Mapping[str, object]) -> Feature:
        """The same shape with exactly these properties."""
        return replace(self, properties=dict(properties))


@dataclass(frozen=True, eq=False)
class Array:
    """An array of numbers of any number of axes.

    Attributes:
        values: the numbers, in the type that holds them.
    """

    values: np.ndarray


@dataclass(frozen=True)
class Function:
    """A user's function, or one made by Image.parseExpression.

    Attributes:
        argument_names: names of the arguments, in order.
        call: the function of positional arguments.
    """

    argument_names: tuple[str, ...]
    call: Callable[..., object]

    def __call__(self, *arguments: object) -> object:
        """The function of positional arguments."""
        return self.call(*arguments)
