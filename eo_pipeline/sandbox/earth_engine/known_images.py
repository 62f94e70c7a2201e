"""Images of recent expressions, so that thousands of requests for parts of one image evaluate it once.

An image is a graph whose pixels are not computed, so keeping it costs little. What does not belong here: pixels.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from eo_pipeline.sandbox.graph.images import Image

_KEPT = 16
"""Images."""


class KnownImages:
    """The images that were asked for last.

    Args:
        state: what assets depend on beside expressions: an image is the same as long as this is.
    """

    def __init__(self, state: Callable[[], Hashable]) -> None:
        self._state = state
        self._images: OrderedDict[Hashable, Image] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, expression: Mapping[str, Any], make: Callable[[], Image]) -> Image:
        """The image of an expression, made unless it is known; two threads may both make it."""
        key = (json.dumps(expression, sort_keys=True), self._state())
        with self._lock:
            if key in self._images:
                self._images.move_to_end(key)
                return self._images[key]
        image = make()
        with self._lock:
            self._images[key] = image
            if len(self._images) > _KEPT:
                self._images.popitem(last=False)
        return image
