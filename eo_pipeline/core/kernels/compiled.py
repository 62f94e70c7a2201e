"""The one way functions are compiled: machine code without the GIL, kept on disk, arithmetic as IEEE 754 has it.

What is kept is renewed when the function's own file changes, not when a kernel it calls in another file does: such
callees are few and small (see growth). Does not belong here: the functions.
"""

from collections.abc import Callable
from typing import cast

from numba import njit


def kernel[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Compile at the first call with new types; later processes find it in NUMBA_CACHE_DIR, or beside the file.

    Where neither those nor the person's own cache folder can be written, every process compiles for itself.
    """
    try:
        compiled = njit(nogil=True, cache=True)(function)
    except RuntimeError:  # numba finds no folder to keep machine code in
        compiled = njit(nogil=True)(function)
    return cast("Callable[P, R]", compiled)
