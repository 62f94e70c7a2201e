"""A month's compute against what may be used, as `eo-pipeline budget` shows it.

What does not belong here: printing, deciding (`core.compute.budget`), and keeping the table.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import dagster as dg

from eo_pipeline.core.compute.budget import allowance_of
from eo_pipeline.core.compute.compute_account import Account, Cost, open_account
from eo_pipeline.core.compute.usage import SECONDS_AN_HOUR, Metered, ProductTotals, Unmetered, month_totals
from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.following.waiting import waiting_since
from eo_pipeline.storage.usage_table import UsageTable


@dataclass(frozen=True)
class Queue:
    """What of a product is not exported yet.

    Attributes:
        sent: exports under way.
        held: why, by partition; nothing was sent for them.
    """

    sent: int = 0
    held: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ProductBudget:
    """One product's month; compute in EECU-hours.

    Attributes:
        product: its name.
        totals: what ended.
        used: exports and metered requests, or all that was metered under its tag if that is more.
        allowance: its own, None if it has none.
        cost: of one more export.
        queue: None for months that are over.
    """

    product: str
    totals: ProductTotals
    used: float
    allowance: float | None
    cost: Cost
    queue: Queue | None

    @property
    def share(self) -> float | None:
        """Of its own allowance."""
        return _share(self.used, self.allowance)

    @property
    def projected(self) -> float | None:
        """At the end of the month if only what is under way ends; None if that is not known."""
        if self.queue is None or not (self.cost.known or self.queue.sent == 0):
            return None
        return self.used + self.queue.sent * self.cost.eecu_seconds / SECONDS_AN_HOUR


@dataclass(frozen=True)
class MonthBudget:
    """A project's month; compute in EECU-hours.

    Attributes:
        month: `2026-11`, UTC.
        used: by the whole project, as far as is known.
        allowance: of the tier, None if it is unknown.
        unmetered: why Cloud Monitoring did not say; empty if it did.
        projected: at the end of the month if only what is under way ends; None if that is not known of every product.
        products: those asked for, by name.
    """

    month: str
    used: float
    allowance: float | None
    unmetered: str
    projected: float | None
    products: tuple[ProductBudget, ...]

    @property
    def share(self) -> float | None:
        """Of the allowance."""
        return _share(self.used, self.allowance)


def _share(used: float, allowance: float | None) -> float | None:
    return used / allowance if allowance else None


def queue_of(instance: dg.DagsterInstance, chain: Chain, *, service: str) -> Queue:
    """What the event log says that is under way or held back."""
    waiting = waiting_since(instance, chain, service=service, watermark=0).submissions
    held = {r.partition: r.submission.held.reason for r in waiting if r.submission.held is not None}
    return Queue(sum(r.submission.state is SubmissionState.SUBMITTED for r in waiting), held)


def month_budget(
    month: str,
    chains: Sequence[Chain],
    *,
    settings: Settings,
    table: UsageTable,
    metered: Metered | Unmetered,
    queues: Mapping[str, Queue],
    shown: Collection[str],
) -> MonthBudget:
    """Put together what is known of a month.

    Args:
        month: `2026-11`, UTC.
        chains: every product.
        settings: whose project and tier.
        table: up to date, with what was metered.
        metered: of the month.
        queues: by product; none for a month that is over.
        shown: names of the products that are wanted.
    """
    names = [chain.product.name for chain in chains]
    account = open_account(month, names, rows=table.rows, operations=[], metered=metered, service=settings.service)
    totals = month_totals(row for row in table.rows if row.month == month and row.service in {"", settings.service})
    products = [
        _product(chain, account, totals.get((month, chain.product.name), ProductTotals()), queues) for chain in chains
    ]
    return MonthBudget(
        month=month,
        used=account.used / SECONDS_AN_HOUR,
        allowance=allowance_of(settings.compute_tier, None).project,
        unmetered=metered.reason if isinstance(metered, Unmetered) else "",
        projected=_projected(account.used / SECONDS_AN_HOUR, products),
        products=tuple(product for product in products if product.product in shown),
    )


def _projected(used: float, products: Sequence[ProductBudget]) -> float | None:
    more = [None if p.projected is None else p.projected - p.used for p in products]
    known = [value for value in more if value is not None]
    return used + sum(known) if len(known) == len(more) else None


def _product(chain: Chain, account: Account, totals: ProductTotals, queues: Mapping[str, Queue]) -> ProductBudget:
    name = chain.product.name
    return ProductBudget(
        product=name,
        totals=totals,
        used=account.used_by(name) / SECONDS_AN_HOUR,
        allowance=chain.product.budget.eecu_hours_a_month,
        cost=account.expected(name),
        queue=queues.get(name),
    )
