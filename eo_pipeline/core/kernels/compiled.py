"""The one way functions are compiled: machine code without the GIL, kept on disk, arithmetic as IEEE 754 has it.

Does not belong here: the functions.
"""

from collections.abc import Callable
from typing import cast

from numba import njit


def kernel[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile at the first call with new types; later processes find it in numba's cache (NUMBA_CACHE_DIR)."""
    return cast("Callable[P, R]", njit(nogil=True, cache=True)(function))
