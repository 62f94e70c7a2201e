"""What Google charges, in US dollars. What does not belong here: how much is used (`core.estimates`).

Compute: https://cloud.google.com/earth-engine/pricing, prices since 2025-09-01 (online costs what batch costs).
Storage and transfer: https://cloud.google.com/storage/pricing, a bucket in one region of the United States or of
Western Europe.
A plan's monthly fee and the credits that it includes are not in them, nor taxes and discounts.
"""

import math
from dataclasses import dataclass

PUBLISHED = "2025-09-01"
"""Date from which the prices below hold."""

EECU_HOUR_TIERS = ((10_000, 0.40), (500_000, 0.28), (math.inf, 0.16))
"""EECU-hours a month up to which a price holds, and the price of one; online and batch alike."""

STORAGE_GB_MONTH = 0.020
"""A GB (1e9 bytes) in a bucket for a month, standard class."""

EGRESS_GB = 0.12
"""A GB out of the cloud to the internet (first TB a month); 0 to a machine in the bucket's region."""

GB = 1e9


@dataclass(frozen=True)
class Prices:
    """What a deployment pays.

    Attributes:
        eecu_hour: of one EECU-hour; None for the published tiers; 0 for a non-commercial project.
        egress_gb: of a GB that leaves the bucket.
        storage_gb_month: of a GB in the bucket for a month.
    """

    eecu_hour: float | None = None
    egress_gb: float = EGRESS_GB
    storage_gb_month: float = STORAGE_GB_MONTH

    def compute(self, eecu_hours: float) -> float:
        """Dollars for EECU-hours of one month."""
        if self.eecu_hour is not None:
            return self.eecu_hour * eecu_hours
        paid, below = 0.0, 0.0
        for limit, price in EECU_HOUR_TIERS:
            paid += price * max(0.0, min(eecu_hours, limit) - below)
            below = limit
        return paid

    def storage(self, size: float) -> float:
        """Dollars for bytes that stay in the bucket for a month."""
        return size / GB * self.storage_gb_month

    def egress(self, size: float) -> float:
        """Dollars for bytes that leave the bucket once."""
        return size / GB * self.egress_gb
