"""Eight and sixteen observations a lane, put in order in the processor's registers.

Each comparison of Batcher's networks is a line's minimum and maximum, without branches, so that the processor's vectors
hold many lanes. Does not belong here: longer series (`sorting`).
"""

from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel

EIGHT = 8


@kernel
def sort_eight(rows: NDArray[Any]) -> None:
    """Sort each lane of (8, lane) in place."""
    for lane in range(rows.shape[1]):
        a, b, c, d = rows[0, lane], rows[1, lane], rows[2, lane], rows[3, lane]
        e, f, g, h = rows[4, lane], rows[5, lane], rows[6, lane], rows[7, lane]
        a, b, c, d = min(a, b), max(a, b), min(c, d), max(c, d)
        e, f, g, h = min(e, f), max(e, f), min(g, h), max(g, h)
        a, c, b, d = min(a, c), max(a, c), min(b, d), max(b, d)
        e, g, f, h = min(e, g), max(e, g), min(f, h), max(f, h)
        b, c, f, g = min(b, c), max(b, c), min(f, g), max(f, g)
        a, e, b, f = min(a, e), max(a, e), min(b, f), max(b, f)
        c, g, d, h = min(c, g), max(c, g), min(d, h), max(d, h)
        c, e, d, f = min(c, e), max(c, e), min(d, f), max(d, f)
        b, c, d, e = min(b, c), max(b, c), min(d, e), max(d, e)
        f, g = min(f, g), max(f, g)
        rows[0, lane], rows[1, lane], rows[2, lane], rows[3, lane] = a, b, c, d
        rows[4, lane], rows[5, lane], rows[6, lane], rows[7, lane] = e, f, g, h


@kernel
def merge_eights(rows: NDArray[Any]) -> None:
    """Sort each lane of (16, lane) in place, whose first and last eight are sorted."""
    for lane in range(rows.shape[1]):
        a, b, c, d = rows[0, lane], rows[1, lane], rows[2, lane], rows[3, lane]
        e, f, g, h = rows[4, lane], rows[5, lane], rows[6, lane], rows[7, lane]
        i, j, k, q = rows[8, lane], rows[9, lane], rows[10, lane], rows[11, lane]
        m, n, o, p = rows[12, lane], rows[13, lane], rows[14, lane], rows[15, lane]
        a, i, b, j = min(a, i), max(a, i), min(b, j), max(b, j)
        c, k, d, q = min(c, k), max(c, k), min(d, q), max(d, q)
        e, m, f, n = min(e, m), max(e, m), min(f, n), max(f, n)
        g, o, h, p = min(g, o), max(g, o), min(h, p), max(h, p)
        e, i, f, j = min(e, i), max(e, i), min(f, j), max(f, j)
        g, k, h, q = min(g, k), max(g, k), min(h, q), max(h, q)
        c, e, d, f = min(c, e), max(c, e), min(d, f), max(d, f)
        g, i, h, j = min(g, i), max(g, i), min(h, j), max(h, j)
        k, m, q, n = min(k, m), max(k, m), min(q, n), max(q, n)
        b, c, d, e = min(b, c), max(b, c), min(d, e), max(d, e)
        f, g, h, i = min(f, g), max(f, g), min(h, i), max(h, i)
        j, k, q, m = min(j, k), max(j, k), min(q, m), max(q, m)
        n, o = min(n, o), max(n, o)
        rows[0, lane], rows[1, lane], rows[2, lane], rows[3, lane] = a, b, c, d
        rows[4, lane], rows[5, lane], rows[6, lane], rows[7, lane] = e, f, g, h
        rows[8, lane], rows[9, lane], rows[10, lane], rows[11, lane] = i, j, k, q
        rows[12, lane], rows[13, lane], rows[14, lane], rows[15, lane] = m, n, o, p
