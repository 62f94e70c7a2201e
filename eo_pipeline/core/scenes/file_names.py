"""Names of an archive's files: which of them belong to it, and the date in each.

A pattern is a path with fields, such as `{year}/{lat}_{lon}.tif`. Names tell when a file is of, and tell files apart;
where it lies only its georeferencing tells. What does not belong here: listing files.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from eo_pipeline.core.periods import Period
from eo_pipeline.errors import ProductError

_DATES = {"year": r"\d{4}", "month": r"\d{2}", "day": r"\d{2}", "hour": r"\d{2}", "doy": r"\d{3}"}
_PLACES = {
    "lat": r"(?:\d{1,2}[NSns]|[NSns]\d{1,2}|[+-]?\d{1,2})",
    "lon": r"(?:\d{1,3}[EWew]|[EWew]\d{1,3}|[+-]?\d{1,3})",
}
_PERIOD = r"\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2})?)?)?"
_ANY = r"[^/]+?"
_FIELD = re.compile(r"\{([a-z_]+)\}|\*")


@dataclass(frozen=True)
class NamedFile:
    """What a name tells.

    Attributes:
        date: `2020`, `2020-05` or `2020-05-17` as far as it goes, with `T10` for an hour; empty if it tells none.
        place: its other fields, with a space between two; the same for a place's files of all dates.
    """

    date: str
    place: str

    @property
    def instant(self) -> datetime:
        """The beginning of the date, UTC.

        Raises:
            ValueError: there is no such day.
        """
        day, _, hour = self.date.partition("T")
        whole = f"{day}-01-01" if len(day) == 4 else f"{day}-01" if len(day) == 7 else day
        return datetime.fromisoformat(whole).replace(hour=int(hour or 0), tzinfo=UTC)

    def may_meet(self, period: Period) -> bool:
        """Whether the date, a whole year, month, day or hour, shares an instant with a period; True without a date.

        Raises:
            ValueError: there is no such day.
        """
        if not self.date:
            return True
        start = self.instant
        longest = {4: 366, 7: 31}.get(len(self.date.partition("T")[0]), 1)
        end = start + (timedelta(hours=1) if "T" in self.date else timedelta(days=longest))
        return start < period.end and period.start < end


def of_period(address: str, period: Period) -> str:
    """An address whose fields of a date are written out as a period's: there is one file for each period.

    Args:
        address: with `period`, `year`, `month`, `day`, `doy` or `hour` in braces, as far as the period's key goes;
            `doy` is that of its first day. Without braces it stays as it is.
        period: of a product.

    Raises:
        ProductError: a field of another kind, or one that the period does not tell.
    """
    if "{" not in address:
        return address
    day, _, hour = period.key.partition("T")
    told = dict(zip(("year", "month", "day"), day.split("-"), strict=False)) | {"period": period.key}
    told |= {"hour": hour} if hour else {}
    told |= {"doy": f"{period.start:%j}"} if "day" in told else {}
    if strange := [field[1] or "*" for field in _FIELD.finditer(address) if field[1] not in told]:
        raise ProductError(
            f"expected {', '.join(f'{{{name}}}' for name in sorted(told))} alone in the name of a list of files of "
            f"{period.key}, got {', '.join(strange)} in {address}; correct it"
        )
    return _FIELD.sub(lambda field: told[field[1]], address)


@dataclass(frozen=True)
class NamePattern:
    """How the paths of an archive's files end.

    Attributes:
        text: fields in braces between plain characters: `period` (as periods are called: `2020-05`) or `year`, `month`,
            `day`, `hour`, `doy` (day of the year); `lat` and `lon` (`40N`, `080W`, `n40`, `-40`); any others, and a
            star, for text without a slash. A field that is there twice is the same text twice.
    """

    text: str

    def __post_init__(self) -> None:
        rest = _FIELD.sub("", self.text)
        if "{" in rest or "}" in rest or not self.text.strip("/"):
            raise ProductError(
                f"expected a pattern of file names such as {{year}}/{{lat}}_{{lon}}.tif, got {self.text!r}; correct it"
            )

    def read(self, path: str) -> NamedFile | None:
        """What the name of a file tells; None if it is not one of the pattern's.

        Args:
            path: or address, with slashes; what follows a question mark does not count.
        """
        found = self._compiled.search(path.partition("?")[0])
        if found is None:
            return None
        told = found.groupdict()
        place = " ".join(text for name, text in told.items() if name not in _DATES and name != "period")
        return NamedFile(_date(told), place)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        text, seen, body, end = self.text.lstrip("/"), set[str](), "", 0
        for number, field in enumerate(_FIELD.finditer(text)):
            name = field[1] or f"star{number}"
            known = "(?P={})" if name in seen else f"(?P<{{}}>{_shape(name)})"
            body += re.escape(text[end : field.start()]) + known.replace("{}", name)
            seen.add(name)
            end = field.end()
        return re.compile(rf"(?:^|/){body}{re.escape(text[end:])}$")


def _shape(name: str) -> str:
    """What a field looks like."""
    return _PERIOD if name == "period" else _DATES.get(name) or _PLACES.get(name) or _ANY


def _date(told: dict[str, Any]) -> str:
    if "period" in told:
        return str(told["period"])
    if "year" not in told:
        return ""
    if "doy" in told:
        first = datetime(int(told["year"]), 1, 1, tzinfo=UTC)
        day = (first + timedelta(days=int(told["doy"]) - 1)).date().isoformat()
    else:
        day = "-".join(told[name] for name in ("year", "month", "day") if name in told)
    return f"{day}T{told['hour']}" if "hour" in told and len(day) == 10 else day
