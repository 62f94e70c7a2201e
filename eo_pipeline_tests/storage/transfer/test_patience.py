"""Waits between requests, against numbers by hand and dates as RFC 9110 writes them."""

from datetime import UTC, datetime

import pytest

from eo_pipeline.storage.transfer.patience import Patience, asked_wait

NOW = datetime(2026, 11, 21, 8, 49, 30, tzinfo=UTC)


def test_waits_double_up_to_the_longest_and_are_spread_over_half() -> None:
    patience = Patience(first_wait=1, longest_wait=5)
    assert [patience.wait(failures, luck=1) for failures in (1, 2, 3, 4, 2000)] == [1, 2, 4, 5, 5]
    assert [patience.wait(failures, luck=0) for failures in (1, 2, 3, 4, 2000)] == [0.5, 1, 2, 2.5, 2.5]


def test_a_longer_wait_that_the_service_asks_for_counts() -> None:
    assert Patience(first_wait=1).wait(1, luck=1, asked=7) == 7
    assert Patience(first_wait=1).wait(1, luck=1, asked=0.1) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("7", 7),
        ("Sat, 21 Nov 2026 08:49:37 GMT", 7),
        ("Sat, 21 Nov 2026 08:49:00 GMT", 0),
        ("soon", 0),
        ("-3", 0),
    ],
)
def test_retry_after_is_a_number_or_a_date(header: str | None, seconds: float) -> None:
    assert asked_wait(header, NOW) == seconds
