"""Times of searches, against the standard library's reading of them."""

import datetime as dt

import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.stac.times import Interval, interval


def ms(*parts: int) -> int:
    return int(dt.datetime(*parts, tzinfo=dt.UTC).timestamp() * 1000)  # type: ignore[misc, arg-type]  # parts of a date


def test_intervals_include_both_ends() -> None:
    month = interval("2023-06-01T00:00:00Z/2023-06-30T23:59:59+00:00")
    assert month == Interval(ms(2023, 6, 1), ms(2023, 6, 30, 23, 59, 59) + 1)
    assert interval("2023-06-01T02:00:00+02:00") == Interval(ms(2023, 6, 1), ms(2023, 6, 1) + 1)


@pytest.mark.parametrize("text", ["../2023-06-01T00:00:00Z", "/2023-06-01T00:00:00Z"])
def test_an_open_beginning(text: str) -> None:
    assert interval(text) == Interval(None, ms(2023, 6, 1) + 1)


def test_an_open_end() -> None:
    assert interval("2023-06-01T00:00:00Z/..") == Interval(ms(2023, 6, 1), None)


@pytest.mark.parametrize("text", ["", "..", "../..", "2023-06-01", "2023-06-31T00:00:00Z", "a/b/c"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ServiceError, match="datetime: expected an RFC 3339 time"):
        interval(text)
