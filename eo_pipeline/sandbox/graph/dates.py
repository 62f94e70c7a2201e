"""Reading dates in the forms a client may send. What does not belong here: calendar arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.values import Date

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORT_FORMS = ("%Y-%m", "%Y")


def parse_date(text: str, zone: str | None = None) -> Date:
    """A date from ISO 8601, or only its year or year and month; UTC unless it or the zone says otherwise.

    Raises:
        ServiceError: the text is no date.
    """
    moment = _iso(text) or _short(text)
    if moment is None:
        raise ServiceError(f"Date: Bad date/time '{text}'.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=time_zone(zone))
    return from_datetime(moment)


def from_datetime(moment: datetime) -> Date:
    """The date of an aware datetime, in whole milliseconds."""
    return Date((moment - _EPOCH) // timedelta(milliseconds=1))


def to_datetime(date: Date, zone: str | None = None) -> datetime:
    """The aware datetime of a date in a time zone, UTC by default."""
    return (_EPOCH + timedelta(milliseconds=date.milliseconds)).astimezone(time_zone(zone))


def time_zone(name: str | None) -> ZoneInfo:
    """A time zone by its IANA name; UTC if there is none.

    Raises:
        ServiceError: no such zone.
    """
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ServiceError(f"Date: The datetime zone id '{name}' is not recognised.") from error


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _short(text: str) -> datetime | None:
    for form in _SHORT_FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the caller adds the zone
        except ValueError:
            continue
    return None
