"""Times written in file names and indices as {YYYY}{MM}{DD}{DOY}{hh}{mm}{ss}, UTC. Not here: rasters."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path, PurePath

_DIGITS = {"YYYY": 4, "MM": 2, "DD": 2, "DOY": 3, "hh": 2, "mm": 2, "ss": 2}
_FIELD = re.compile(r"\{(\w+)\}")


def check_pattern(pattern: str, *, needs_year: bool) -> None:
    """Refuse a pattern that could not be read or written.

    Raises:
        ValueError: an unknown field, one that stands twice, or no year where it is needed.
    """
    names = _FIELD.findall(pattern)
    unknown = [name for name in names if name not in _DIGITS]
    if unknown or len(set(names)) != len(names):
        raise ValueError(f"each of the time fields {{{'}, {'.join(_DIGITS)}}} at most once")
    if needs_year and "YYYY" not in names:
        raise ValueError("a pattern with {YYYY}")


def matching_files(folder: Path, pattern: str) -> Iterator[tuple[Path, dt.datetime]]:
    """Files that match a pattern, sorted by path, each with the time in its name.

    Args:
        folder: what a relative pattern is relative to.
        pattern: path with the wildcards * and ? and time fields.

    Raises:
        ValueError: a name holds a date that does not exist.
    """
    parts = PurePath(pattern).parts
    fixed = list(takewhile(lambda part: not set(part) & set("*?{"), parts))
    variable = "/".join(parts[len(fixed) :])
    root = folder.joinpath(*fixed)
    expression = re.compile(_regular_expression(variable))
    for path in sorted(root.glob(_glob(variable))):
        match = expression.fullmatch(path.relative_to(root).as_posix())
        if match:
            yield path, _time(match.groupdict(), path)


def written(template: str, time: dt.datetime) -> str:
    """The template with its time fields filled in."""
    values = {
        "YYYY": f"{time.year:04d}",
        "MM": f"{time.month:02d}",
        "DD": f"{time.day:02d}",
        "DOY": f"{time.timetuple().tm_yday:03d}",
        "hh": f"{time.hour:02d}",
        "mm": f"{time.minute:02d}",
        "ss": f"{time.second:02d}",
    }
    return _FIELD.sub(lambda match: values[match[1]], template)


def after(time: dt.datetime, duration: str) -> dt.datetime:
    """The time one hour, day, month or year later; months and years are the calendar's."""
    if duration in {"hour", "day"}:
        return time + dt.timedelta(hours=1 if duration == "hour" else 24)
    months = 1 if duration == "month" else 12
    year, month = divmod(time.year * 12 + time.month - 1 + months, 12)
    return time.replace(year=year, month=month + 1)


def _glob(pattern: str) -> str:
    return _FIELD.sub(lambda match: "[0-9]" * _DIGITS[match[1]], pattern.replace("[", "[[]"))


def _regular_expression(pattern: str) -> str:
    pieces = re.split(r"(\{\w+\}|\*|\?)", pattern)
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: str) -> str:
    field = _FIELD.fullmatch(piece)
    if field:
        return rf"(?P<{field[1]}>\d{{{_DIGITS[field[1]]}}})"
    return {"*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))


def _time(found: dict[str, str], path: Path) -> dt.datetime:
    number = {name: int(text) for name, text in found.items()}
    try:
        day = dt.datetime(number["YYYY"], number.get("MM", 1), number.get("DD", 1), tzinfo=dt.UTC)
        clock = dt.timedelta(
            days=number.get("DOY", 1) - 1,
            hours=number.get("hh", 0),
            minutes=number.get("mm", 0),
            seconds=number.get("ss", 0),
        )
        return day + clock
    except ValueError as error:
        raise ValueError(f"file names with times that exist, but found {path} ({error})") from error
