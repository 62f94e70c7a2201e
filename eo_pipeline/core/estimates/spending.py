"""A plan in money, or as a share of what a non-commercial project may compute.

What does not belong here: the prices (`core.compute.prices`).
"""

from dataclasses import dataclass
from typing import Any

from eo_pipeline.core.compute.budget import EECU_HOURS_A_MONTH
from eo_pipeline.core.compute.prices import EGRESS_GB, PUBLISHED, Prices
from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.plan import Plan
from eo_pipeline.core.settings import Settings


@dataclass(frozen=True)
class Spending:
    """US dollars of a plan.

    Attributes:
        compute: of Earth Engine's; None if EECU-hours are unknown.
        storage: of the tiles in the bucket, for one month; nothing if they are not there or not kept.
        egress: of the tiles from the bucket to this machine.
        share: of the month's allowance that the EECU-hours are; None if the project has none or they are unknown.
        prices: where prices come from, in words.
    """

    compute: Interval | None
    storage: Interval
    egress: Interval
    share: Interval | None
    prices: str

    def to_json(self) -> dict[str, Any]:
        """By name; each is low, middle and high."""
        named = {
            "compute": self.compute,
            "storage": self.storage,
            "egress": self.egress,
            "share of the month's allowance": self.share,
        }
        shown: dict[str, Any] = {name: None if value is None else value.to_json() for name, value in named.items()}
        return {**shown, "prices": self.prices}


def spending(plan: Plan, settings: Settings, *, in_bucket: bool = True, kept: bool = True) -> Spending:
    """What a plan costs on a deployment; bytes count as if uncompressed where nothing is known.

    Args:
        plan: any.
        settings: of the deployment.
        in_bucket: False if exports go elsewhere than to Cloud Storage.
        kept: False if they are deleted once collected.
    """
    free = settings.compute_tier in EECU_HOURS_A_MONTH
    egress = EGRESS_GB if settings.egress_price is None else settings.egress_price
    prices = Prices(eecu_hour=0.0 if free else settings.eecu_hour_price, egress_gb=egress)
    hours = None if plan.eecu_seconds is None else plan.eecu_seconds.times(1 / 3600)
    size = Interval.exactly(plan.raw_bytes) if plan.bytes is None else plan.bytes
    allowance = EECU_HOURS_A_MONTH.get(settings.compute_tier)
    return Spending(
        compute=None if hours is None else hours.through(prices.compute),
        storage=size.through(prices.storage) if in_bucket and kept else Interval.exactly(0.0),
        egress=size.through(prices.egress) if in_bucket else Interval.exactly(0.0),
        share=None if hours is None or allowance is None else hours.times(1 / allowance),
        prices=_words(settings),
    )


def _words(settings: Settings) -> str:
    if settings.compute_tier in EECU_HOURS_A_MONTH:
        return "non-commercial"
    given = {"EO_EECU_HOUR_PRICE": settings.eecu_hour_price, "EO_EGRESS_PRICE": settings.egress_price}
    named = [name for name, value in given.items() if value is not None]
    return f"published prices since {PUBLISHED}" + (f", but {' and '.join(named)} as set" if named else "")
