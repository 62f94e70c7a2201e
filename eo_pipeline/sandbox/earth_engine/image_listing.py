"""`listImages`, as GDAL's EEDA driver asks it: the images of a collection by region, time and filter.

What does not belong here: `listAssets`, and what an image says about itself.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.earth_engine.asset_filters import AssetFilter, parse_filter
from eo_pipeline.sandbox.errors import ServiceError

_TOKEN = re.compile(
    r"""\s*(?:(?P<word>(?:AND|OR|NOT)\b|[()])
    |(?P<term>[\w.:]+\s*(?:>=|<=|!=|>|<|=|:)\s*(?:"(?:[^"\\]|\\.)*"|[^\s()"]+)))""",
    re.VERBOSE | re.DOTALL,
)
_BINDS = {"OR": 1, "AND": 2, "NOT": 3}


@dataclass(frozen=True)
class ImageFilter:
    """Which images of a collection are listed."""

    place: AssetFilter
    """Region and time."""
    condition: tuple[AssetFilter | str, ...]
    """Comparisons of properties and, each after what it joins, AND, OR and NOT; empty: everything."""

    @property
    def start_ms(self) -> int | None:
        """Earliest start, milliseconds since 1970, included."""
        return self.place.start_ms

    @property
    def end_ms(self) -> int | None:
        """Latest start, excluded."""
        return self.place.end_ms

    @property
    def region(self) -> BaseGeometry | None:
        """Footprints must meet it; EPSG:4326, longitude first."""
        return self.place.region

    def holds(self, properties: Mapping[str, object]) -> bool:
        """Whether an image with these properties is listed."""
        known: list[bool] = [True]
        for step in self.condition:
            if isinstance(step, AssetFilter):
                known.append(step.holds(properties))
            elif step == "NOT":
                known.append(not known.pop())
            else:
                right, left = known.pop(), known.pop()
                known.append(left and right if step == "AND" else left or right)
        return known[-1]


def image_filter(query: Mapping[str, str]) -> ImageFilter:
    """The filter of a query: `region` (GeoJSON or WKT), `startTime`, `endTime` (RFC 3339) and `filter`.

    Raises:
        ServiceError: A member is not understood.
    """
    terms = [
        f'{name} {sign} "{query[name]}"' for name, sign in (("startTime", ">="), ("endTime", "<")) if name in query
    ]
    if query.get("region"):
        quoted = query["region"].replace('"', "'")
        terms.append(f'intersects("{quoted}")')
    return ImageFilter(parse_filter(" AND ".join(terms)), tuple(_postfix(query.get("filter", ""))))


def _postfix(text: str) -> Iterator[AssetFilter | str]:
    """Terms and, each after what it joins, the words between them: no nesting is too deep for that."""
    waiting: list[str] = []
    balance = 0
    for word, term in _tokens(text):
        if term:
            balance += 1
            yield parse_filter(term)
        elif word in {"(", "NOT"}:
            waiting.append(word)
        else:
            while waiting and waiting[-1] != "(" and (word == ")" or _BINDS[waiting[-1]] >= _BINDS[word]):
                yield waiting.pop()
            if word != ")":
                balance -= 1
                waiting.append(word)
            elif not waiting:
                raise _not_understood(text)
            else:
                waiting.pop()
        if balance not in {0, 1}:
            raise _not_understood(text)
    if "(" in waiting or (text.strip() and balance != 1):
        raise _not_understood(text)
    yield from reversed(waiting)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """(word, "") or ("", term), in order."""
    position = 0
    while text[position:].strip():
        token = _TOKEN.match(text, position)
        if token is None:
            raise _not_understood(text)
        yield token.group("word") or "", token.group("term") or ""
        position = token.end()


def _not_understood(text: str) -> ServiceError:
    return ServiceError(f"Invalid filter: cannot parse '{text[:200]}'.")
