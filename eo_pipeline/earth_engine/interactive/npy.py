"""Arrays in numpy's own format, of which very many begin alike. What does not belong here: what the numbers mean."""

import io
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_VERSION_1 = b"\x93NUMPY\x01\x00"
"""A file begins so unless its header is long or is not Latin-1; two bytes for the header's length follow
(https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)."""


def decoded(reply: bytes) -> NDArray[Any]:
    """The array of an NPY file; of version 1 a view of its bytes, which of a small file is a hundredth of the work.

    Raises:
        ValueError, tokenize.TokenError: the bytes are no such file, or fewer than it should have.
    """
    if not reply.startswith(_VERSION_1):
        array = np.lib.format.read_array(io.BytesIO(reply), allow_pickle=False, max_header_size=len(reply))
        return np.asarray(array)
    start = 10 + int.from_bytes(reply[8:10], "little")
    shape, by_column, dtype = _header(reply[:start])
    array = np.frombuffer(reply, dtype, int(np.prod(shape)), offset=start)
    return array.reshape(shape, order="F" if by_column else "C")


@lru_cache(maxsize=16)
def _header(text: bytes) -> "tuple[tuple[int, ...], bool, np.dtype[Any]]":
    """Shape, whether columns follow each other, and type."""
    return np.lib.format.read_array_header_1_0(io.BytesIO(text[8:]), max_header_size=len(text))
