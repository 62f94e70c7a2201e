"""`datetime` of searches: instants and intervals. What does not belong here: dates of items."""

import datetime as dt
import re
from dataclasses import dataclass

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.stac.instants import milliseconds

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_OPEN = ("", "..")


@dataclass(frozen=True)
class Interval:
    """Times [start_ms, end_ms), milliseconds since 1970; None where it is open."""

    start_ms: int | None = None
    end_ms: int | None = None


def interval(text: str) -> Interval:
    """The times meant: an instant, or `start/end`, both included, one of them perhaps `..` or empty.

    Raises:
        ServiceError: Another form, or an end before the start.
    """
    parts = text.split("/")
    if len(parts) > 2 or all(part in _OPEN for part in parts):
        raise _wrong(text)
    start = None if parts[0] in _OPEN else _instant(parts[0], text)
    last = None if parts[-1] in _OPEN else _instant(parts[-1], text)
    if start is not None and last is not None and last < start:
        raise _wrong(text)
    return Interval(start, None if last is None else last + 1)


def _instant(part: str, text: str) -> int:
    if _RFC3339.fullmatch(part) is None:
        raise _wrong(text)
    try:
        return milliseconds(dt.datetime.fromisoformat(part.upper()))
    except (ValueError, OverflowError) as error:
        raise _wrong(text) from error


def _wrong(text: str) -> ServiceError:
    return ServiceError(
        f"datetime: expected an RFC 3339 time, or two with '/' between, one of which may be '..', got {text[:100]!r}; "
        "write for example 2023-06-01T00:00:00Z/2023-06-30T23:59:59Z."
    )
