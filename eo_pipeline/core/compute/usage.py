"""Compute that was used: one row an export task, a run's interactive requests, or what Cloud Monitoring metered.

What does not belong here: where rows come from and are kept (`orchestration.compute.usage`, `storage.usage_table`),
and what may be used (`budget`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from eo_pipeline.core.tables import Column
from eo_pipeline.errors import SettingsError

SECONDS_AN_HOUR = 3600

Route = Literal["batch", "interactive"]
State = Literal["succeeded", "failed", "cancelled"]


@dataclass(frozen=True)
class Usage:
    """One row of the table of compute.

    Attributes:
        month: `2026-11`, UTC, in which it ended.
        product: its name.
        partition: Dagster's partition key; empty of what was metered for a product and month.
        operation: `projects/P/operations/ID`; `run:ID:STAGE` of a run's interactive requests; `metered:..` of metered
            ones. Unique among the rows of one product and partition.
        route: batch of export tasks, interactive of requests that are answered at once.
        state: how it ended.
        eecu_seconds: used; None where nobody metered it.
        requests: to Earth Engine; 0 of export tasks, and of metered compute, whose requests are rows of their own.
        ended: when, UTC, to the second.
        service: identity of the service and project; empty if it was not recorded.
    """

    month: str
    product: str
    partition: str
    operation: str
    route: Route
    state: State
    eecu_seconds: float | None
    requests: int
    ended: datetime
    service: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """By which a row is known again."""
        return (self.product, self.partition, self.operation)


COLUMNS = (
    Column("month", "string", "month in which it ended, UTC"),
    Column("product", "string", "name of the product"),
    Column("partition", "string", "area|period; empty of what was metered for a product and month"),
    Column("operation", "string", "Earth Engine's operation; run:ID:STAGE or metered:... of interactive requests"),
    Column("route", "string", "batch: an export task; interactive: requests that are answered at once"),
    Column("state", "string", "succeeded, failed or cancelled"),
    Column("eecu_seconds", "double", "compute used; null where nobody metered it", "EECU-seconds"),
    Column("requests", "int64", "requests to Earth Engine; 0 of export tasks and of metered compute"),
    Column("ended", "string", "when it ended, RFC 3339, UTC"),
    Column("service", "string", "address and project of the service; empty if it was not recorded"),
)
"""Of the table, in the order of `Usage`'s fields."""


@dataclass(frozen=True)
class Metered:
    """What Cloud Monitoring says that a project used in a month, finished compute only.

    Attributes:
        eecu_seconds: by workload tag and compute type (`batch`, `online`).
    """

    eecu_seconds: Mapping[tuple[str, str], float]

    @property
    def total(self) -> float:
        """EECU-seconds of the whole project, others' included."""
        return sum(self.eecu_seconds.values())

    def of_tag(self, tag: str) -> float:
        """EECU-seconds under a workload tag."""
        return sum(value for (name, _), value in self.eecu_seconds.items() if name == tag)

    def interactive(self, tag: str) -> float:
        """EECU-seconds of a tag's interactive requests."""
        return self.eecu_seconds.get((tag, "online"), 0.0)


@dataclass(frozen=True)
class Unmetered:
    """Cloud Monitoring did not say; the reason is for a person."""

    reason: str


def month_of(instant: datetime) -> str:
    """The month `2026-11` of an aware instant, UTC.

    That the service's months begin at midnight UTC is a guess: nothing is published about it.
    """
    return instant.astimezone(UTC).strftime("%Y-%m")


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """Beginning of a month and of the next one, UTC.

    Raises:
        SettingsError: it is no month.
    """
    try:
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise SettingsError(f"expected a month such as 2026-11, got {month!r}; correct it") from error
    following = (
        begin.replace(year=begin.year + 1, month=1) if begin.month == 12 else begin.replace(month=begin.month + 1)
    )
    return begin, following


def merged(*tables: Iterable[Usage]) -> tuple[Usage, ...]:
    """Rows of all tables, each once; what a later table says of a row counts. In order of month, product and end."""
    by_key = {row.key: row for table in tables for row in table}
    return tuple(sorted(by_key.values(), key=lambda row: (row.month, row.product, row.ended, row.key)))


def spread(requests: int, partitions: Sequence[str]) -> dict[str, int]:
    """Requests that a run made for all its partitions together, as whole numbers that add up; earlier ones get more."""
    each, rest = divmod(requests, len(partitions))
    return {partition: each + (number < rest) for number, partition in enumerate(partitions)}


@dataclass(frozen=True)
class ProductTotals:
    """What one product used in one month.

    Attributes:
        exports: export tasks that ended, by state.
        batch_eecu_seconds: of all of them.
        requests: interactive ones.
        interactive_eecu_seconds: None if unmetered.
    """

    exports: Mapping[str, int] = field(default_factory=dict)
    batch_eecu_seconds: float = 0.0
    requests: int = 0
    interactive_eecu_seconds: float | None = None

    @property
    def eecu_seconds(self) -> float:
        """All that is known."""
        return self.batch_eecu_seconds + (self.interactive_eecu_seconds or 0.0)


def month_totals(rows: Iterable[Usage]) -> dict[tuple[str, str], ProductTotals]:
    """Totals by month and product, in that order."""
    groups: dict[tuple[str, str], list[Usage]] = {}
    for row in rows:
        groups.setdefault((row.month, row.product), []).append(row)
    return {key: _totals(groups[key]) for key in sorted(groups)}


def _totals(rows: Iterable[Usage]) -> ProductTotals:
    batch = [row for row in rows if row.route == "batch"]
    interactive = [row for row in rows if row.route == "interactive"]
    metered = [row.eecu_seconds for row in interactive if row.eecu_seconds is not None]
    states = sorted({row.state for row in batch})
    return ProductTotals(
        exports={state: sum(row.state == state for row in batch) for state in states},
        batch_eecu_seconds=sum(row.eecu_seconds or 0.0 for row in batch),
        requests=sum(row.requests for row in interactive),
        interactive_eecu_seconds=sum(metered) if metered else None,
    )
