"""Memory that a thread uses again and again: what is touched for the first time has to come from the system.

Does not belong here: what lies in it.
"""

import threading
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Scratch(threading.local):
    """Pieces of memory by name, of each thread its own; a piece grows to what was asked for most."""

    def __init__(self) -> None:
        self._pieces: dict[str, memoryview] = {}

    def bytes(self, name: str, size: int) -> memoryview:
        """So many bytes, which hold anything; the same again when the thread asks for this name once more."""
        piece = self._pieces.get(name)
        if piece is None or len(piece) < size:
            piece = self._pieces[name] = memoryview(np.empty(size, np.uint8))
        return piece[:size]

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """The same as an array in C order."""
        return np.frombuffer(self.bytes(name, prod(shape) * dtype.itemsize), dtype).reshape(shape)
