"""How many stored numbers are values, and between which they lie, in one pass.

Does not belong here: statistics of zones (core.kernels.sums).
"""

from typing import Any

from numpy.typing import NDArray

from eo_pipeline.core.kernels.compiled import kernel
from eo_pipeline.core.kernels.compose import Mark, is_value


@kernel
def extremes(stored: NDArray[Any], mark: Mark) -> tuple[int, Any, Any]:
    """(how many values, smallest, largest) of a flat array; both are the first number if there is no value.

    Args:
        stored: at least one number.
        mark: of the same type.
    """
    count, smallest, largest = 0, stored[0], stored[0]
    for number in stored:
        if is_value(number, mark):
            if count == 0:
                smallest = largest = number
            elif number < smallest:
                smallest = number
            elif number > largest:
                largest = number
            count += 1
    return count, smallest, largest
