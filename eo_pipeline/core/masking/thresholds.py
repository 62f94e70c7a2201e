"""Scores and probabilities, such as Cloud Score+ and s2cloudless. Does not belong here: where they come from."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Between:
    """A pixel is usable if its score is high or low enough.

    Attributes:
        least: usable scores are no less: Cloud Score+ says how clear a pixel is, 0 to 1.
        below: usable scores are less: s2cloudless says how probable a cloud is, 0 to 100.
    """

    least: float = -math.inf
    below: float = math.inf

    def usable(self, scores: NDArray[Any]) -> NDArray[np.bool_]:
        """True where a score (any shape) is usable; compared in double precision, as Earth Engine does."""
        return np.asarray((scores >= np.float64(self.least)) & (scores < np.float64(self.below)))
