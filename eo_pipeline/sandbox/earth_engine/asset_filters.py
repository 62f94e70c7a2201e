"""The filter of `listAssets`: terms joined by AND, in the AIP-160 spelling that the client writes.

`startTime >= "T"`, `endTime < "T"`, `intersects("GeoJSON or WKT")` and comparisons of properties, with or without
`properties.` before the name. What does not belong here: where the images come from.
"""

import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import shapely
import shapely.geometry
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import parse_timestamp

_QUOTED_OR_AND = re.compile(r'"(?:[^"\\]|\\.)*"|\bAND\b', re.DOTALL)
_COMPARISON = re.compile(r"(?P<name>[\w.:]+)\s*(?P<sign>>=|<=|!=|>|<|=|:)\s*(?P<value>.+)", re.DOTALL)
_INTERSECTS = re.compile(r'intersects\(\s*"(?P<shape>.*)"\s*\)', re.DOTALL)
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    ":": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Comparison:
    """A property compared with a value."""

    name: str
    sign: str
    value: float | str

    def holds(self, properties: Mapping[str, object]) -> bool:
        """Whether it holds; a property that is absent or of another kind fulfils only `!=`."""
        known = properties.get(self.name)
        alike = isinstance(known, str) == isinstance(self.value, str) and isinstance(known, int | float | str)
        return _SIGNS[self.sign](known, self.value) if alike else self.sign == "!="


@dataclass(frozen=True)
class AssetFilter:
    """Which images of a collection are listed."""

    start_ms: int | None = None
    """Earliest start, milliseconds since 1970, included."""
    end_ms: int | None = None
    """Latest start, excluded."""
    region: BaseGeometry | None = None
    """Footprints must meet it; EPSG:4326, longitude first."""
    comparisons: tuple[Comparison, ...] = field(default=())

    def holds(self, properties: Mapping[str, object]) -> bool:
        """Whether all comparisons hold."""
        return all(comparison.holds(properties) for comparison in self.comparisons)


def parse_filter(text: str) -> AssetFilter:
    """Read a filter; an empty text lets everything pass.

    Raises:
        ServiceError: A term is not understood.
    """
    found = AssetFilter()
    for term in _terms(text) if text.strip() else ():
        found = _with(found, term)
    return found


def _terms(text: str) -> Iterator[str]:
    """What stands between the ANDs outside quotes."""
    start = 0
    for token in _QUOTED_OR_AND.finditer(text):
        if token.group() == "AND":
            yield text[start : token.start()].strip()
            start = token.end()
    yield text[start:].strip()


def _with(found: AssetFilter, term: str) -> AssetFilter:
    if region := _INTERSECTS.fullmatch(term):
        return replace(found, region=parse_shape(region.group("shape")))
    compared = _COMPARISON.fullmatch(term)
    if compared is None:
        raise _not_understood(term)
    name, sign, value = compared.group("name", "sign", "value")
    if name in {"startTime", "start_time"} and sign in {">=", ">"}:
        return replace(found, start_ms=_milliseconds(value) + (sign == ">"))
    if name in {"startTime", "start_time", "endTime", "end_time"} and sign in {"<", "<="}:
        return replace(found, end_ms=_milliseconds(value) + (sign == "<="))
    comparison = Comparison(name.removeprefix("properties."), sign, _value(value))
    return replace(found, comparisons=(*found.comparisons, comparison))


def _value(text: str) -> float | str:
    if text[0] == '"' == text[-1] and len(text) > 1:
        return text[1:-1].replace('\\"', '"')
    try:
        number = float(text)
    except ValueError:
        return text
    return text if math.isnan(number) else number


def _milliseconds(text: str) -> int:
    try:
        return round(parse_timestamp(text.strip('"')).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise _not_understood(text) from error


def parse_shape(text: str) -> BaseGeometry:
    """A shape of EPSG:4326, longitude first, as GeoJSON or WKT.

    Raises:
        ServiceError: It is neither.
    """
    try:
        if text.lstrip().startswith("{"):
            return shapely.geometry.shape(json.loads(text.replace("'", '"')))
        return shapely.from_wkt(text)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        RecursionError,
        shapely.GEOSException,
    ) as error:
        raise _not_understood(text) from error


def _not_understood(text: str) -> ServiceError:
    return ServiceError(f"Invalid filter: cannot parse '{text[:200]}'.")
