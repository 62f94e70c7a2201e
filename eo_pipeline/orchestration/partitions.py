"""Periods and areas as Dagster partitions, and partition keys back to areas and periods.

What does not belong here: which partitions are wanted when (`schedules`), and how keys are spelled (`core.keys`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import dagster as dg

from eo_pipeline.core.product import Periods, Product

AREA, PERIOD = "area", "period"
"""Names of the two dimensions; Dagster orders them by name, so keys read `area|period`."""


@dataclass(frozen=True)
class PartitionKey:
    """One area and period, as text.

    Attributes:
        area: key of the area.
        period: key of the period.
    """

    area: str
    period: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read Dagster's `area|period`."""
        area, _, period = text.partition("|")
        return cls(area, period)

    @property
    def text(self) -> str:
        """Dagster's spelling."""
        return f"{self.area}|{self.period}"

    @property
    def dagster(self) -> dg.MultiPartitionKey:
        """Dagster's value."""
        return dg.MultiPartitionKey({AREA: self.area, PERIOD: self.period})


def in_turn(keys: Iterable[str]) -> list[str]:
    """Dagster's keys of areas and periods, or of periods alone: earlier periods first, then by area."""
    return sorted(keys, key=lambda key: key.split("|")[::-1])


def period_partitions(product: Product) -> dg.PartitionsDefinition[str]:
    """Calendar periods grow with the calendar; others are added by the product's schedule or `eo-pipeline run`."""
    period = product.period
    if is_dynamic(period):
        return dg.DynamicPartitionsDefinition(name=dynamic_name(product))
    cron, form = _CALENDARS[period.every]
    return dg.TimeWindowPartitionsDefinition(
        start=period.starts_at, end=period.ends_at, cron_schedule=cron, fmt=form, timezone="UTC"
    )


_CALENDARS = {
    "day": ("0 0 * * *", "%Y-%m-%d"),
    "month": ("0 0 1 * *", "%Y-%m"),
    "year": ("0 0 1 1 *", "%Y"),
}


def is_dynamic(period: Periods) -> bool:
    """True if Dagster cannot compute the periods from a calendar."""
    return period.every not in _CALENDARS


def dynamic_name(product: Product) -> str:
    """Name of the dynamic partition set of a product's periods."""
    return f"{product.name}.periods"


def area_period_partitions(product: Product, area_keys: Sequence[str]) -> dg.MultiPartitionsDefinition:
    """Every area in every period."""
    return dg.MultiPartitionsDefinition(
        {AREA: dg.StaticPartitionsDefinition(list(area_keys)), PERIOD: period_partitions(product)}
    )
