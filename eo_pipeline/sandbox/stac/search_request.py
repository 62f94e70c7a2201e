"""What a search asks for, from a body or from the parameters of an address. What does not belong here: finding it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping, text, texts, whole
from eo_pipeline.sandbox.stac.conditions import Condition, cql2_condition, query_condition
from eo_pipeline.sandbox.stac.fields import Fields
from eo_pipeline.sandbox.stac.times import Interval, interval

_MOST = 10_000
"""Items of a page at most (stac-server)."""


@dataclass(frozen=True)
class SortKey:
    """A field to sort by, for example properties.eo:cloud_cover."""

    field: str
    is_falling: bool

    @property
    def name(self) -> str:
        """The property's name."""
        return self.field.removeprefix("properties.")


@dataclass(frozen=True)
class SearchRequest:
    """A search.

    Attributes:
        collections: ids; empty for all.
        ids: of items; empty for all.
        region: EPSG:4326, or None for everywhere.
        times: of sensing.
        conditions: all of which must hold.
        sort: first key first; empty for newest first.
        fields: what of the items is answered.
        limit: items of a page, or None if the client names no number.
        after: where the page begins, as a `next` link says, or None for the first page.
    """

    collections: tuple[str, ...]
    ids: tuple[str, ...]
    region: BaseGeometry | None
    times: Interval
    conditions: tuple[Condition, ...]
    sort: tuple[SortKey, ...]
    fields: Fields
    limit: int | None
    after: str | None


def search_request(body: Mapping[str, object]) -> SearchRequest:
    """The search of a POST body.

    Raises:
        ServiceError: A field is of the wrong kind or out of range.
    """
    when = text(body, "datetime")
    return SearchRequest(
        collections=texts(body, "collections"),
        ids=texts(body, "ids"),
        region=_region(body),
        times=Interval() if when is None else interval(when),
        conditions=_conditions(body),
        sort=_sort(body.get("sortby")),
        fields=_fields(mapping(body, "fields")),
        limit=_limit(body),
        after=text(body, "next"),
    )


def body_of(query: Mapping[str, str]) -> dict[str, object]:
    """The parameters of a GET request as the body of a POST request that asks the same.

    Raises:
        ServiceError: A parameter is malformed.
    """
    return {name: _PARAMETERS.get(name, str)(value) for name, value in query.items() if value}


def _limit(body: Mapping[str, object]) -> int | None:
    limit = whole(body, "limit")
    if limit is not None and not 1 <= limit <= _MOST:
        raise ServiceError(f"limit: expected a number from 1 to {_MOST}, got {limit}; ask for fewer items a page.")
    return limit


def _region(body: Mapping[str, object]) -> BaseGeometry | None:
    box, outline = body.get("bbox"), body.get("intersects")
    if box is not None and outline is not None:
        raise ServiceError("expected bbox or intersects, got both; leave one of them out.")
    if box is not None:
        return _box(box)
    return None if outline is None else _outline(outline)


def _box(box: object) -> BaseGeometry:
    if not isinstance(box, Sequence) or len(box) not in (4, 6) or not all(map(_is_finite, box)):
        raise ServiceError(f"bbox: expected 4 or 6 numbers, got {str(box)[:100]!r}; write west, south, east, north.")
    west, south, east, north = (float(box[place]) for place in ((0, 1, 2, 3) if len(box) == 4 else (0, 1, 3, 4)))
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise ServiceError(f"bbox: expected degrees, south before north, got {str(box)[:100]!r}; correct it.")
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union(shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _outline(said: object) -> BaseGeometry:
    wrong = ServiceError(f"intersects: expected a GeoJSON geometry, got {str(said)[:100]!r}; correct it.")
    if not isinstance(said, dict):
        raise wrong
    try:
        outline = shapely.from_geojson(json.dumps(said))
    except (shapely.errors.GEOSException, ValueError) as error:
        raise wrong from error
    west, south, east, north = outline.bounds
    if outline.is_empty or not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise wrong
    return outline if outline.is_valid else shapely.make_valid(outline)


def _conditions(body: Mapping[str, object]) -> tuple[Condition, ...]:
    query, filter_ = body.get("query"), body.get("filter")
    language = text(body, "filter-lang") or "cql2-json"
    if filter_ is not None and language != "cql2-json":
        raise ServiceError(f"filter-lang: expected cql2-json, got {language[:100]!r}; write the filter as JSON.")
    found: list[Condition] = [] if query is None else [query_condition(query)]
    return tuple(found if filter_ is None else [*found, cql2_condition(filter_)])


def _sort(said: object) -> tuple[SortKey, ...]:
    if said is None:
        return ()
    if not isinstance(said, list) or not all(map(_is_sort_key, said)):
        raise ServiceError(f"sortby: expected a list of {{field, direction}}, got {str(said)[:100]!r}; correct it.")
    return tuple(SortKey(key["field"], _is_falling(key.get("direction", "asc"))) for key in said)


def _is_sort_key(said: object) -> bool:
    return isinstance(said, dict) and isinstance(said.get("field"), str)


def _is_falling(direction: object) -> bool:
    if direction not in ("asc", "desc"):
        raise ServiceError(f"sortby: expected asc or desc, got {str(direction)[:100]!r}; name one of them.")
    return direction == "desc"


def _fields(said: Mapping[str, object]) -> Fields:
    return Fields(texts(said, "include"), texts(said, "exclude"))


def _numbers(value: str) -> list[float]:
    try:
        return [float(number) for number in value.split(",")]
    except ValueError as error:
        raise ServiceError(f"bbox: expected numbers with commas between, got {value[:100]!r}; correct it.") from error


def _json(value: str) -> object:
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ServiceError(f"expected JSON, got {value[:100]!r}; correct it.") from error


def _sort_keys(value: str) -> list[dict[str, str]]:
    return [
        {"field": key.strip().lstrip("+-"), "direction": "desc" if key.strip().startswith("-") else "asc"}
        for key in value.split(",")
    ]


def _field_names(value: str) -> dict[str, list[str]]:
    names = [name.strip() for name in value.split(",")]
    dropped = [name[1:] for name in names if name.startswith("-")]
    return {"include": [name.lstrip("+") for name in names if not name.startswith("-")], "exclude": dropped}


_PARAMETERS: Mapping[str, Callable[[str], Any]] = {
    "bbox": _numbers,
    "ids": lambda value: value.split(","),
    "collections": lambda value: value.split(","),
    "intersects": _json,
    "query": _json,
    "filter": _json,
    "sortby": _sort_keys,
    "fields": _field_names,
}
"""How the parameters that are no plain text are read."""
