"""What a project and a product may compute a month, and whether one more export fits.

What does not belong here: rows of what was used (`usage`), and asking anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from eo_pipeline.core.compute.compute_account import Account, Cost
from eo_pipeline.core.compute.usage import SECONDS_AN_HOUR, month_bounds

EECU_HOURS_A_MONTH: Mapping[str, int] = MappingProxyType({"community": 150, "contributor": 1_000, "partner": 100_000})
"""Hours of an Earth Engine compute unit a month, as published for non-commercial projects from 2026-04-27."""

RESERVE = 0.05
"""Share of an allowance that exports leave: for previews, other people, and exports dearer than the mean."""


@dataclass(frozen=True)
class Allowance:
    """EECU-hours a month that may be used; None where nobody set a limit.

    Attributes:
        project: of the tier, for all that the project does.
        product: of the product's own declaration.
    """

    project: float | None = None
    product: float | None = None

    @property
    def limited(self) -> bool:
        """True if anybody set a limit; without one there is no need to open an account."""
        return self.project is not None or self.product is not None


@dataclass(frozen=True)
class Allowed:
    """One more export may be sent; `note` says what is not known about its cost, empty if all is."""

    note: str = ""


@dataclass(frozen=True)
class HeldBack:
    """One more export must wait; `reason` is one sentence with the numbers and when it begins again."""

    reason: str


def allowance_of(tier: str, hours: float | None) -> Allowance:
    """The allowance under a tier's name (empty if unknown) and a product's own hours."""
    return Allowance(EECU_HOURS_A_MONTH.get(tier), hours)


def decide_budget(account: Account, product: str, allowance: Allowance) -> Allowed | HeldBack:
    """Whether one more export of a product fits into what is left of the month.

    What is used, what exports in flight are expected to use and what one more is expected to use may come up to the
    allowance less the reserve. An export of unknown cost counts 0: it is held back once the others fill the month.
    """
    one_more = account.expected(product)
    whole = _Count("the project", account.used, account.in_flight, one_more)
    own = _Count(f"the product {product}", account.used_by(product), account.in_flight_of(product), one_more)
    for count, hours in ((own, allowance.product), (whole, allowance.project)):
        if hours is not None and not count.fits(hours):
            return HeldBack(count.refusal(hours, account.month))
    unknown = f"what an export of {product} costs is unknown until one has succeeded; it was counted as 0 EECU-hours"
    return Allowed("" if one_more.known or not allowance.limited else unknown)


@dataclass(frozen=True)
class _Count:
    """Both sides of one limit, EECU-seconds."""

    whose: str
    used: float
    in_flight: float
    one_more: Cost

    def fits(self, hours: float) -> bool:
        limit = hours * (1 - RESERVE) * SECONDS_AN_HOUR
        together = self.used + self.in_flight
        return together < limit and together + self.one_more.eecu_seconds <= limit

    def refusal(self, hours: float, month: str) -> str:
        more = _hours(self.one_more.eecu_seconds) if self.one_more.known else "an unknown number (counted as 0)"
        return (
            f"{self.whose} used {_hours(self.used)} of {hours:,g} EECU-hours of {month}, exports in flight are "
            f"expected to use {_hours(self.in_flight)} and one more {more}; {RESERVE:.0%} are kept in reserve, "
            f"so exports begin again on {month_bounds(month)[1]:%Y-%m-%d} at 00:00 UTC, or when the budget is raised"
        )


def _hours(eecu_seconds: float) -> str:
    return f"{eecu_seconds / SECONDS_AN_HOUR:,.3f}"
