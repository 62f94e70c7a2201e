"""Time in a cube: whole days or hours since 1970-01-01, the unit the product's periods need.

What does not belong here: which slots exist (`storage.cubes`) and CF's attributes (`cube_attributes`).
"""

from datetime import UTC, datetime, timedelta

from eo_pipeline.core.period_rules import PeriodRule

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME_CHUNK = 4096
"""Slots in a chunk of the time coordinates, so that appending does not shred them."""

_LENGTHS = {"days": timedelta(days=1), "hours": timedelta(hours=1)}


def time_unit(rule: PeriodRule) -> str:
    """`days`, or `hours` where a period of the rule does not start and end at midnight."""
    return "days" if rule.whole_days else "hours"


def encode_instant(instant: datetime, unit: str) -> int:
    """Whole `unit`s from 1970-01-01 to `instant` (UTC), rounded down."""
    return (instant - EPOCH) // _LENGTHS[unit]


def decode_instant(number: int, unit: str) -> datetime:
    """The instant (UTC) `number` `unit`s after 1970-01-01."""
    return EPOCH + number * _LENGTHS[unit]
