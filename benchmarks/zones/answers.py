"""Tables of statistics in files, and how far two of them differ; needs numpy only, so that peers can write them.

Does not belong here: how far they may differ.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

STATISTICS = ("count", "mean", "std", "min", "max")

Answers = NDArray[np.float64]
"""(statistic, zone) in the order of STATISTICS and of the zones' file; NaN where there is none."""


def write_answers(path: str, columns: Mapping[str, ArrayLike | Sequence[float | None]]) -> int:
    """Writes the columns of STATISTICS; None becomes NaN. Gives the number of zones."""
    answers = np.stack([np.asarray(columns[name], dtype=np.float64) for name in STATISTICS])
    np.save(Path(path), answers)
    return int(answers.shape[1])


def read_answers(path: Path) -> Answers:
    """As a side has written them."""
    answers: Answers = np.load(path)
    return answers


def differences(ours: Answers, theirs: Answers) -> dict[str, float]:
    """The largest relative difference of each statistic; infinite where only one side has a number.

    Args:
        ours: of all zones.
        theirs: of all zones, or of the first ones only.
    """
    pairs = zip(STATISTICS, ours, theirs, strict=True)
    return {name: _difference(mine[: len(other)], other) for name, mine, other in pairs}


def _difference(mine: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if mine.shape != other.shape or (np.isnan(mine) != np.isnan(other)).any():
        return float("inf")
    apart = ~np.isnan(mine) & (mine != other)
    mine, other = mine[apart], other[apart]
    return float((np.abs(mine - other) / np.maximum(np.abs(mine), np.abs(other))).max(initial=0))
