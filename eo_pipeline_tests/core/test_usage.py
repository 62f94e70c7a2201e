"""Rows of compute and their sums, by plain arithmetic."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from eo_pipeline.core.compute.usage import COLUMNS, Metered, Usage, merged, month_bounds, month_of, month_totals, spread
from eo_pipeline.errors import SettingsError


def row(operation: str = "a", **more: Any) -> Usage:
    given: dict[str, Any] = {
        "month": "2026-11",
        "product": "ndvi",
        "partition": "west|2024-01",
        "operation": operation,
        "route": "batch",
        "state": "succeeded",
        "eecu_seconds": 100.0,
        "requests": 0,
        "ended": datetime(2026, 11, 5, tzinfo=UTC),
    }
    return Usage(**{**given, **more})


def test_columns_are_the_fields_in_their_order() -> None:
    assert [column.name for column in COLUMNS] == [entry.name for entry in fields(Usage)]


def test_months_are_of_utc() -> None:
    assert month_of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == "2026-11"
    assert month_of(datetime(2026, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))) == "2026-11"
    assert month_bounds("2026-11") == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
    assert month_bounds("2026-12")[1] == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["November", "2026-13", "2026", ""])
def test_other_texts_are_no_month(text: str) -> None:
    with pytest.raises(SettingsError, match=f"expected a month such as 2026-11, got '{text}'; correct it"):
        month_bounds(text)


def test_a_row_is_there_once_and_the_later_table_counts() -> None:
    before = [row("a"), row("b", month="2026-10")]
    after = [row("a", eecu_seconds=120.0), row("a", partition="east|2024-01")]
    found = merged(before, after)
    assert [(r.month, r.partition, r.eecu_seconds) for r in found] == [
        ("2026-10", "west|2024-01", 100.0),
        ("2026-11", "east|2024-01", 100.0),
        ("2026-11", "west|2024-01", 120.0),
    ]
    assert merged(found, found) == found


def test_totals_of_a_month_and_a_product() -> None:
    rows = [
        row("a"),
        row("b", eecu_seconds=50.0, state="failed"),
        row("c", eecu_seconds=None, state="cancelled"),
        row("run:1:submission", route="interactive", eecu_seconds=None, requests=3),
        row("run:2:submission", route="interactive", eecu_seconds=None, requests=4),
        row("d", month="2026-10"),
        row("e", product="other", eecu_seconds=7.0),
    ]
    found = month_totals(rows)
    assert list(found) == [("2026-10", "ndvi"), ("2026-11", "ndvi"), ("2026-11", "other")]
    total = found["2026-11", "ndvi"]
    assert total.exports == {"cancelled": 1, "failed": 1, "succeeded": 1}
    assert (total.batch_eecu_seconds, total.requests) == (150.0, 7)
    assert total.interactive_eecu_seconds is None
    assert total.eecu_seconds == 150.0
    more = [*rows, row("metered:2026-11", partition="", route="interactive", eecu_seconds=2.5)]
    assert month_totals(more)["2026-11", "ndvi"].interactive_eecu_seconds == 2.5
    assert month_totals(more)["2026-11", "ndvi"].eecu_seconds == 152.5


def test_requests_for_all_partitions_are_spread_and_add_up() -> None:
    assert spread(7, ["a", "b", "c"]) == {"a": 3, "b": 2, "c": 2}
    assert spread(1, ["a", "b"]) == {"a": 1, "b": 0}
    assert spread(0, ["a"]) == {"a": 0}


def test_metered_compute_is_told_apart_by_tag_and_type() -> None:
    found = Metered({("ndvi", "batch"): 100.0, ("ndvi", "online"): 5.0, ("", "online"): 20.0})
    assert (found.total, found.of_tag("ndvi"), found.interactive("ndvi"), found.interactive("no")) == (125, 105, 5, 0)
