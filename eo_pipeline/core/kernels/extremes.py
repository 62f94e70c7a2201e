"""How many stored numbers are values, and between which they lie, in one pass.

Does not belong here: statistics of zones (core.kernels.sums).
"""

from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.compose import Mark, is_value


@kernel
def extremes(
    rows: NDArray[Any], mark: Mark, counts: NDArray[Any], smallest: NDArray[Any], largest: NDArray[Any]
) -> None:
    """Add rows of numbers to what is known of each column: columns side by side are what a processor does at once.

    Args:
        rows: (row, column).
        mark: of the same type.
        counts: (column,) of values, in place.
        smallest: (column,) value, of the numbers' type, in place.
        largest: (column,) the same.
    """
    for place in range(rows.shape[0]):
        row = rows[place]
        for column in range(row.size):
            number = row[column]
            usable = is_value(number, mark)
            counts[column] += usable
            smallest[column] = number if usable and number < smallest[column] else smallest[column]
            largest[column] = number if usable and number > largest[column] else largest[column]
