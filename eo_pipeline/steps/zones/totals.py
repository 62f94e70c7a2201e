"""Totals of all zones while blocks are added to them, and the sums that are told of them.

Does not belong here: adding (see core.kernels.sums).
"""

import numpy as np

from eo_pipeline.core.kernels.records import Floats
from eo_pipeline.core.kernels.sums import COUNT, FIELDS, HIGH, LOW, M2, TOTAL, TOTAL_REST, WEIGHT
from eo_pipeline.core.zonal.measures import Sums


def no_sums(zones: int, bands: int) -> Sums:
    """Sums of zones without any pixel."""
    return sums_of(no_totals(zones, bands), np.zeros((zones, 2)))


def no_totals(zones: int, bands: int) -> Floats:
    """Totals (zone, band, FIELDS) to which nothing was added."""
    total = np.zeros((zones, bands, FIELDS))
    total[:, :, LOW], total[:, :, HIGH] = np.inf, -np.inf
    return total


def sums_of(total: Floats, cells: Floats) -> Sums:
    """What totals (zone, band, FIELDS), and pixels and their shares (zone, 2), tell."""
    spread = np.broadcast_to(cells[:, None, :], (*total.shape[:2], 2))
    count = total[:, :, COUNT].astype(np.int64)
    return Sums(
        pixels=spread[:, :, 0].astype(np.int64),
        cover=spread[:, :, 1].copy(),
        count=count,
        weight=total[:, :, WEIGHT].copy(),
        total=total[:, :, TOTAL] + total[:, :, TOTAL_REST],
        m2=total[:, :, M2].copy(),
        low=np.where(count > 0, total[:, :, LOW], np.nan),
        high=np.where(count > 0, total[:, :, HIGH], np.nan),
    )
