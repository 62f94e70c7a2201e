"""Times as numbers and as text. What does not belong here: intervals that clients ask for (`times`)."""

import datetime as dt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def milliseconds(time: dt.datetime) -> int:
    """Milliseconds since 1970 of a time with a zone."""
    return (time - _EPOCH) // dt.timedelta(milliseconds=1)


def time_of(time_ms: int) -> dt.datetime:
    """UTC of milliseconds since 1970."""
    return _EPOCH + dt.timedelta(milliseconds=time_ms)


def timestamp(time_ms: int) -> str:
    """A time as items write it, for example 2023-06-24T10:06:12.123000Z."""
    return f"{time_of(time_ms):%Y-%m-%dT%H:%M:%S.%f}Z"
