"""What a join is. What does not belong here: the kinds of joins there are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eo_pipeline.sandbox.graph.collections import Element

Matches = list[tuple[Element, float | None]]
"""Matching elements of the secondary collection, each with its distance where the filter has one."""


@dataclass(frozen=True)
class Join:
    """How pairs of elements become one collection.

    Attributes:
        results: (primary element, its matches) -> elements of the result.
    """

    results: Callable[[Element, Matches], list[Element]]
