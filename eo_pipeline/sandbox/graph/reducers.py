"""Reducers as values and how they run on samples. What does not belong here: statistics; where samples come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.pixel_types import PixelType
from eo_pipeline.sandbox.graph.values import Array

Samples = Sequence[np.ndarray]
"""One array (sample, place) for each input of a statistic."""

Outcome = tuple[np.ndarray, np.ndarray]
"""(values (place), valid (place) bool); values of dtype object where a result is a list, dictionary or array."""

Statistic = Callable[[Samples, np.ndarray], list[Outcome]]
"""(samples, weights (sample, place), 0 where a sample does not count) -> one outcome for each output."""

Types = Callable[[Sequence[PixelType]], PixelType]
"""Pixel types of the inputs -> that of an output."""


@dataclass(frozen=True)
class Part:
    """One statistic of a reducer.

    Attributes:
        statistic: computes the outputs.
        outputs: their names.
        types: their pixel types.
        first_input: position of its first input among the reducer's.
        inputs: how many inputs it reads from there.
        weighted: samples count by their weight; otherwise every sample that counts at all counts fully.
        skips_missing: samples may be None, which each input leaves out by itself.
        sees_masked: samples that are nowhere valid change the outcome.
    """

    statistic: Statistic
    outputs: tuple[str, ...]
    types: tuple[Types, ...]
    first_input: int = 0
    inputs: int = 1
    weighted: bool = False
    skips_missing: bool = False
    sees_masked: bool = False


@dataclass(frozen=True)
class Reducer:
    """Statistics that run side by side.

    Attributes:
        parts: in order of their outputs.
        takes_arrays: samples are arrays, not plain numbers.
    """

    parts: tuple[Part, ...]
    takes_arrays: bool = False

    @property
    def inputs(self) -> int:
        """How many inputs it needs."""
        return max(part.first_input + part.inputs for part in self.parts)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""
        return tuple(name for part in self.parts for name in part.outputs)

    @property
    def is_weighted(self) -> bool:
        """True if any statistic weighs its samples."""
        return any(part.weighted for part in self.parts)

    @property
    def skips_missing(self) -> bool:
        """True if every statistic leaves out missing samples by itself, input by input."""
        return all(part.skips_missing for part in self.parts)

    @property
    def sees_masked(self) -> bool:
        """True if any statistic depends on samples that are nowhere valid."""
        return any(part.sees_masked for part in self.parts)

    def types(self, inputs: Sequence[PixelType]) -> list[PixelType]:
        """Pixel types of the outputs for those of the inputs."""
        return [
            make(inputs[part.first_input : part.first_input + part.inputs])
            for part in self.parts
            for make in part.types
        ]

    def unweighted(self) -> Reducer:
        """The same statistics of samples that count fully or not at all."""
        return replace(self, parts=tuple(replace(part, weighted=False) for part in self.parts))

    def run(self, samples: Samples, weights: np.ndarray, centred: np.ndarray | None = None) -> list[Outcome]:
        """All outcomes, in order of `outputs`.

        Args:
            samples: one array (sample, place) for each input.
            weights: (sample, place), bool or 0..1, for weighted statistics.
            centred: (sample, place) bool, which samples count in the others; where weights are not 0 if None.

        Raises:
            ServiceError: there are not as many samples as inputs.
        """
        if len(samples) != self.inputs:
            raise ServiceError(f"Need {self.inputs} inputs for the reducer, got {len(samples)}.")
        outcomes: list[Outcome] = []
        counted = weights > 0 if centred is None else centred
        for part in self.parts:
            chosen = samples[part.first_input : part.first_input + part.inputs]
            outcomes += part.statistic(chosen, weights if part.weighted else counted)
        return outcomes


def combined(first: Reducer, second: Reducer, *, prefix: str, shared: bool) -> Reducer:
    """Two reducers side by side, on the same inputs or on those of the second after the first's.

    Raises:
        ServiceError: inputs are to be shared but their numbers differ.
    """
    if shared and first.inputs != second.inputs:
        raise ServiceError(
            "Reducer.combine: Can't share inputs of reducers with different input counts "
            f"({first.inputs} and {second.inputs})."
        )
    shift = 0 if shared else first.inputs
    moved = (
        replace(part, first_input=part.first_input + shift, outputs=tuple(prefix + name for name in part.outputs))
        for part in second.parts
    )
    return Reducer((*first.parts, *moved), first.takes_arrays or second.takes_arrays)


def only_numbers(reducer: Reducer, outcomes: Sequence[Outcome], *, arrays: bool = False) -> None:
    """Refuses outcomes that no pixel can hold.

    Args:
        reducer: whose outcomes.
        outcomes: what it computed.
        arrays: pixels may hold arrays, too.

    Raises:
        ServiceError: an outcome is a list or a dictionary, or an array that pixels may not hold.
    """
    for values, valid in outcomes:
        held = values[valid] if values.dtype == object else ()
        if any(not (arrays and isinstance(value, np.ndarray)) for value in held):
            raise ServiceError(f"Reducer outputs {list(reducer.outputs)} are not numbers that pixels can hold.")


def single(outcome: Outcome) -> object:
    """The value of an outcome for one place as plain Python; None if it is not valid."""
    values, valid = outcome
    if not valid[0]:
        return None
    value = values[0]
    if isinstance(value, np.ndarray):
        return Array(value)
    return value.item() if isinstance(value, np.generic) else value
