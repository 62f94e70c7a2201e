"""Collections whose next page somebody may ask for, so that it is not computed from the start again.

What does not belong here: the form of a page (`table_pages`).
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from eo_pipeline.sandbox.graph.collections import Element

_KEPT = 32
"""Collections."""


class BegunPages:
    """The collections that were given in part last, each with the place where it goes on.

    Args:
        state: what assets depend on beside expressions: a collection goes on as long as this is the same.
    """

    def __init__(self, state: Callable[[], Hashable]) -> None:
        self._state = state
        self._rest: OrderedDict[Hashable, Iterator[Element]] = OrderedDict()
        self._lock = threading.Lock()

    def page(
        self, expression: Mapping[str, Any], first: int, size: int, make: Callable[[], Iterator[Element]]
    ) -> tuple[list[Element], bool]:
        """Some elements of an expression's collection, and whether others follow.

        Args:
            expression: Makes the elements.
            first: Place of the first one wanted.
            size: Elements at most.
            make: All elements, where no other page ended at `first`.
        """
        text, state = json.dumps(expression, sort_keys=True), self._state()
        with self._lock:
            rest = self._rest.pop((text, state, first), None)
        if rest is None:
            rest = islice(make(), first, None)
        found = list(islice(rest, size))
        following = list(islice(rest, 1))
        if following:
            with self._lock:
                self._rest[text, state, first + len(found)] = chain(following, rest)
                if len(self._rest) > _KEPT:
                    self._rest.popitem(last=False)
        return found, bool(following)
