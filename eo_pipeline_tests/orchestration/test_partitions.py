from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from eo_pipeline.orchestration.partitions import (
    PartitionKey,
    area_period_partitions,
    dynamic_name,
    in_turn,
    is_dynamic,
    period_partitions,
)
from eo_pipeline_tests.products import product

NOW = datetime(2024, 3, 15, tzinfo=UTC)


def keys(period: dict[str, Any], now: datetime = NOW) -> list[str]:
    return list(period_partitions(product(period=period)).get_partition_keys(current_time=now))


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ({"every": "month", "start": "2023-12"}, ["2023-12", "2024-01", "2024-02"]),
        ({"every": "month", "start": "2023-12", "end": "2024-02"}, ["2023-12", "2024-01"]),
        ({"every": "year", "start": "2021"}, ["2021", "2022", "2023"]),
        ({"every": "day", "start": "2024-03-12"}, ["2024-03-12", "2024-03-13", "2024-03-14"]),
    ],
)
def test_a_calendar_has_the_periods_that_have_ended(period: dict[str, Any], expected: list[str]) -> None:
    assert keys(period) == expected


@pytest.mark.parametrize("every", ["day", "month", "year"])
def test_dagster_s_keys_are_the_product_s_own(every: str) -> None:
    period = {"every": every, "start": "2021"}
    assert keys(period) == [p.key for p in product(period=period).period.until(NOW)]


@pytest.mark.parametrize("every", ["8 days", "image"])
def test_what_no_calendar_knows_is_dynamic_under_a_name_of_the_product(every: str) -> None:
    made = product(period={"every": every, "start": "2024"})
    partitions = period_partitions(made)
    assert is_dynamic(made.period)
    assert isinstance(partitions, dg.DynamicPartitionsDefinition)
    assert partitions.name == dynamic_name(made) == "small.periods"


def test_partitions_are_every_area_in_every_period() -> None:
    made = area_period_partitions(product(period={"every": "month", "start": "2024-01"}), ["a", "b"])
    found = {str(key) for key in made.get_partition_keys(current_time=NOW)}
    assert found == {"a|2024-01", "a|2024-02", "b|2024-01", "b|2024-02"}


def test_a_key_is_dagster_s_text_and_back() -> None:
    key = PartitionKey("E0001N0002", "2024-01")
    assert PartitionKey.parse(key.text) == key
    assert str(key.dagster) == key.text == "E0001N0002|2024-01"


def test_earlier_periods_come_first_then_areas() -> None:
    keys = ["a|2024-02", "b|2024-01", "a|2024-01", "b|2023-12"]
    assert in_turn(keys) == ["b|2023-12", "a|2024-01", "b|2024-01", "a|2024-02"]
    assert in_turn(["2024-02", "2024-01"]) == ["2024-01", "2024-02"]
