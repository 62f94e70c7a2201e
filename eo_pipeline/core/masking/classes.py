"""Bands whose numbers are classes, such as SCL. Does not belong here: bits packed into a number (`bits`)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Classes:
    """Some classes are usable and the others are not.

    Attributes:
        listed: the classes that are named.
        usable_if_listed: whether those are the only usable ones, or the only unusable ones.
    """

    listed: frozenset[int]
    usable_if_listed: bool

    def usable(self, classes: NDArray[Any]) -> NDArray[np.bool_]:
        """True where a class (any shape) is usable."""
        found = is_one_of(classes, self.listed)
        return found if self.usable_if_listed else ~found


def is_one_of(numbers: NDArray[Any], wanted: Iterable[int]) -> NDArray[np.bool_]:
    """True where a number (any shape) is one of those wanted; one that its type cannot hold is nowhere."""
    found = np.zeros(numbers.shape, dtype=np.bool_)
    for number in wanted:
        found |= numbers == number
    return found
