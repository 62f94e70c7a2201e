"""One month's compute of a project: what ended, what is in flight, and what one more export is expected to cost.

Three accounts are laid over each other: rows kept in the table, operations that the service lists now, and Cloud
Monitoring. What does not belong here: what may be used (`budget`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import fmean

from eo_pipeline.core import keys
from eo_pipeline.core.compute.usage import Metered, Unmetered, Usage, month_of
from eo_pipeline.core.exports.operations import Operation, State

LATEST_EXPORTS = 200
"""Ended exports of a product whose mean is what one more is expected to cost."""


@dataclass(frozen=True)
class Cost:
    """What an export is expected to use; 0 EECU-seconds and not known before one of the product succeeded."""

    eecu_seconds: float = 0.0
    known: bool = False


@dataclass(frozen=True)
class Account:
    """A project's compute of one month, EECU-seconds.

    Attributes:
        month: `2026-11`, UTC.
        used: by the whole project: the most that any of the accounts says.
        used_by_product: likewise, by product.
        in_flight_by_product: what active exports are expected to use in all, by product; "" those of others.
        costs: of one more export, by product.
    """

    month: str
    used: float
    used_by_product: Mapping[str, float] = field(default_factory=dict)
    in_flight_by_product: Mapping[str, float] = field(default_factory=dict)
    costs: Mapping[str, Cost] = field(default_factory=dict)

    @property
    def in_flight(self) -> float:
        """What all active exports are expected to use."""
        return sum(self.in_flight_by_product.values())

    def used_by(self, product: str) -> float:
        """What a product used."""
        return self.used_by_product.get(product, 0.0)

    def in_flight_of(self, product: str) -> float:
        """What a product's active exports are expected to use."""
        return self.in_flight_by_product.get(product, 0.0)

    def expected(self, product: str) -> Cost:
        """What one more export of a product is expected to use."""
        return self.costs.get(product, Cost())

    def with_more(self, product: str, exports: int) -> "Account":
        """The account once that many exports more of a product are in flight."""
        more = self.in_flight_of(product) + exports * self.expected(product).eecu_seconds
        return replace(self, in_flight_by_product={**self.in_flight_by_product, product: more})


def open_account(
    month: str,
    products: Iterable[str],
    *,
    rows: Iterable[Usage],
    operations: Iterable[Operation],
    metered: Metered | Unmetered,
    service: str,
) -> Account:
    """Lay what is known over each other.

    Args:
        month: `2026-11`, UTC.
        products: names of the deployment's products.
        rows: of the table, of all months.
        operations: as the service lists them, others' included.
        metered: of the month.
        service: identity of the service and project; rows of others are left out.
    """
    names, listed = list(products), list(operations)
    here = [row for row in rows if row.route == "batch" and row.service in {"", service}]
    owners = {o.name: _named(o, names) for o in listed} | {row.operation: row.product for row in here}
    ended = {row.operation: _Ended.of_row(row) for row in here} | {
        o.name: _Ended.of_operation(o, owners[o.name]) for o in listed if o.ended and not o.state.active
    }
    costs = {name: _cost([one for one in ended.values() if one.product == name]) for name in names}
    month_s = [one for one in ended.values() if one.month == month]
    batch = {name: sum(one.eecu_seconds for one in month_s if one.product == name) for name in names}
    return Account(
        month=month,
        used=max(sum(one.eecu_seconds for one in month_s), _metered(metered)),
        used_by_product={name: _used(batch[name], metered, keys.workload_tag(name)) for name in names},
        in_flight_by_product=_in_flight([(owners[o.name], o) for o in listed if o.state.active], costs),
        costs=costs,
    )


def _in_flight(active: Iterable[tuple[str, Operation]], costs: Mapping[str, Cost]) -> dict[str, float]:
    """EECU-seconds by product: each task its expected cost, or what it used so far if that is more."""
    found: dict[str, float] = {}
    for name, operation in active:
        expected = max(operation.eecu_seconds, costs.get(name, Cost()).eecu_seconds)
        found[name] = found.get(name, 0.0) + expected
    return found


@dataclass(frozen=True)
class _Ended:
    """An export task that ended, whoever says so."""

    product: str
    month: str
    instant: datetime
    eecu_seconds: float
    succeeded: bool

    @classmethod
    def of_row(cls, row: Usage) -> "_Ended":
        return cls(row.product, row.month, row.ended, row.eecu_seconds or 0.0, row.state == "succeeded")

    @classmethod
    def of_operation(cls, operation: Operation, product: str) -> "_Ended":
        instant = datetime.fromisoformat(operation.ended)
        succeeded = operation.state is State.SUCCEEDED
        return cls(product, month_of(instant), instant, operation.eecu_seconds, succeeded)


def _named(operation: Operation, products: Iterable[str]) -> str:
    """The product that an operation's description names; "" if it is of nobody here."""
    if operation.request_id is None:
        return ""
    return next((name for name in products if keys.describes(operation.description, name)), "")


def _cost(ended: Iterable[_Ended]) -> Cost:
    succeeded = sorted((one for one in ended if one.succeeded), key=lambda one: one.instant)[-LATEST_EXPORTS:]
    return Cost(fmean(one.eecu_seconds for one in succeeded), known=True) if succeeded else Cost()


def _metered(metered: Metered | Unmetered) -> float:
    return metered.total if isinstance(metered, Metered) else 0.0


def _used(batch: float, metered: Metered | Unmetered, tag: str) -> float:
    """Exports as listed and interactive requests as metered, or all that was metered if that is more."""
    if isinstance(metered, Unmetered):
        return batch
    return max(batch + metered.interactive(tag), metered.of_tag(tag))
