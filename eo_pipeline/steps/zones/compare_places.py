"""Whether zones measured in two places have the same numbers, but for a tolerance.

What does not belong here: measuring them (`measure_zones`, `in_earth_engine`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from eo_pipeline.core.zonal.shapes import Zones


@dataclass(frozen=True)
class Difference:
    """One number of one zone that is not the same in both places; NaN where it is null."""

    zone: str | int
    column: str
    here: float
    there: float


@dataclass(frozen=True)
class Comparison:
    """Two tables of the same zones.

    Attributes:
        numbers: that were compared.
        largest: share by which numbers differ at most; infinite if one is null and the other is not.
        beyond: those that differ by more than the tolerance, the largest differences first.
    """

    numbers: int
    largest: float
    beyond: tuple[Difference, ...]


def sample_of(zones: Zones, most: int) -> Zones:
    """At most so many zones, spread evenly over their order."""
    places = np.unique(np.linspace(0, len(zones.ids) - 1, min(most, len(zones.ids))).round().astype(int))
    return zones.only({zones.ids[place] for place in places.tolist()})


def compare(here: pd.DataFrame, there: pd.DataFrame, id_column: str, *, tolerance: float) -> Comparison:
    """Compare the numbers of two tables in form wide.

    Args:
        here: a row a zone.
        there: the same zones and columns in the same order.
        id_column: that names zones.
        tolerance: share of the larger of two numbers by which they may differ; where numbers of a column have both
            signs, of the column's largest, since a mean near zero may be off by any share of itself.
    """
    columns = [name for name in here.columns if pd.api.types.is_numeric_dtype(here[name]) and name != id_column]
    first, second = (table[columns].to_numpy(np.float64, na_value=np.nan) for table in (here, there))
    apart = _shares(first, second)
    worst = np.argsort(-apart, axis=None, kind="stable")
    found = [np.unravel_index(place, apart.shape) for place in worst[: int((apart > tolerance).sum())]]
    ids = here[id_column].tolist()
    return Comparison(
        apart.size,
        float(apart.max(initial=0.0)),
        tuple(Difference(ids[r], columns[c], float(first[r, c]), float(second[r, c])) for r, c in found),
    )


def _shares(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """(zone, column) by what share numbers differ; infinite where only one is null."""
    one_null = np.isnan(first) != np.isnan(second)
    a, b = np.nan_to_num(first), np.nan_to_num(second)
    size = np.maximum(np.abs(a), np.abs(b))
    both_signs = (np.minimum(a, b).min(axis=0, initial=0) < 0) & (np.maximum(a, b).max(axis=0, initial=0) > 0)
    size = np.where(both_signs, size.max(axis=0, initial=0), size)
    apart = np.divide(np.abs(a - b), size, out=np.zeros_like(a), where=size > 0)
    return np.where(one_null, np.inf, apart)
