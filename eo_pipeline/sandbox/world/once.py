"""What is made when it is first asked for. What does not belong here: what is made anew (see cache)."""

from __future__ import annotations

import threading
from collections.abc import Callable


def once[Value](make: Callable[[], Value]) -> Callable[[], Value]:
    """A function that calls another at most once, whichever threads ask, and gives its result each time."""
    lock = threading.Lock()
    kept: list[Value] = []

    def value() -> Value:
        with lock:
            if not kept:
                kept.append(make())
            return kept[0]

    return value
