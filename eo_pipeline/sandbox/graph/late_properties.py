"""Properties of which some are computed only when they are asked for. What does not belong here: what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property


class LateProperties(Mapping[str, object]):
    """A mapping whose cheap members are there, and whose others are made together at the first use of one.

    Args:
        known: by name; comes first in order.
        make: returns the others by name, disjoint from the known ones.
    """

    def __init__(self, known: Mapping[str, object], make: Callable[[], Mapping[str, object]]) -> None:
        self._known = known
        self._make = make

    @cached_property
    def _all(self) -> Mapping[str, object]:
        return {**self._known, **self._make()}

    def __getitem__(self, name: str) -> object:
        return self._known[name] if name in self._known else self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)
