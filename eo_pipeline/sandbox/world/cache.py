"""Results kept for the next band of the same window. What does not belong here: what is kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field


@dataclass
class PixelCache[Value]:
    """The most recently used values, up to a number of pixels.

    Attributes:
        pixels: how many pixels are kept; a value that is larger alone is kept until the next one.
    """

    pixels: int
    _values: OrderedDict[Hashable, tuple[Value, int]] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get(self, key: Hashable, size: int, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not kept; two threads may both make it.

        Args:
            key: what the value depends on.
            size: pixels of the value.
            make: computes it.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
        value = make()
        with self._lock:
            self._values[key] = (value, size)
            while len(self._values) > 1 and sum(size for _, size in self._values.values()) > self.pixels:
                self._values.popitem(last=False)
        return value
