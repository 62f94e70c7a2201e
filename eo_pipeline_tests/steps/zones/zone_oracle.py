"""Statistics of one zone written plainly with numpy, from its pixels and their shares.

What does not belong here: anything of the pipeline, and where pixels and shares come from.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def whole_pixels(values: Values) -> Mapping[str, float]:
    """Statistics of pixels that count once each; NaN among them have no value."""
    there = np.sort(values[~np.isnan(values)])
    found = {"count": float(there.size), "nodata": float(values.size - there.size)}
    found["valid_share"] = there.size / values.size if values.size else math.nan
    if not there.size:
        return found
    numbers, times = np.unique(there, return_counts=True)
    return found | {
        "mean": float(there.mean()),
        "sum": float(there.sum()),
        "std": float(there.std()),
        "var": float(there.var()),
        "min": float(there[0]),
        "max": float(there[-1]),
        "range": float(there[-1] - there[0]),
        "median": float(np.median(there)),
        "percentile_12.5": float(np.percentile(there, 12.5)),
        "mode": float(numbers[times == times.max()][0]),
        "minority": float(numbers[times == times.min()][0]),
        "variety": float(numbers.size),
    }


def shared_pixels(values: Values, shares: Values) -> Mapping[str, float]:
    """Statistics of pixels that count by their shares (> 0); NaN among the values have no value."""
    there = ~np.isnan(values)
    v, w = values[there], shares[there]
    found = {"count": float(w.sum()), "nodata": float(shares.sum() - w.sum())}
    found["valid_share"] = float(w.sum() / shares.sum()) if shares.sum() else math.nan
    if not v.size:
        return found
    mean = float((w * v).sum() / w.sum())
    variance = float((w * (v - mean) ** 2).sum() / w.sum())
    amounts = {number: w[v == number].sum() for number in np.unique(v)}
    return found | {
        "mean": mean,
        "sum": float((w * v).sum()),
        "std": math.sqrt(variance),
        "var": variance,
        "min": float(v.min()),
        "max": float(v.max()),
        "range": float(v.max() - v.min()),
        "mode": float(max(amounts, key=lambda number: (amounts[number], number))),
        "variety": float(len(amounts)),
    }
