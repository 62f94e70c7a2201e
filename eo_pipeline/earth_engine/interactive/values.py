"""Computed values and features, in one request. What does not belong here: what they mean."""

import json
from typing import Any

from eo_pipeline.earth_engine.interactive.client import BrokenReplyError, Request, TooMuchError
from eo_pipeline.earth_engine.interactive.expression import Expression


def value_request(expression: Expression, *, tag: str) -> Request:
    """Ask for the value of an expression: a number, text, list or dictionary; features as GeoJSON."""
    return Request("value:compute?prettyPrint=false", expression.body(tag=tag), tag)


def read_value(reply: bytes) -> Any:
    """What the expression is, as JSON has it.

    Raises:
        BrokenReplyError: the reply is no JSON with a result.
    """
    return _field(reply, "result")


def features_request(expression: Expression, *, page_size: int, tag: str) -> Request:
    """Ask for the features of a collection of at most so many, in one page.

    Args:
        expression: of a collection.
        page_size: features; the service gives at most 1,000 unless told otherwise.
        tag: workload tag of the compute's account.
    """
    body = expression.body({"pageSize": b"%d" % page_size}, tag=tag)
    return Request("table:computeFeatures?prettyPrint=false", body, tag)


def read_features(reply: bytes) -> list[dict[str, Any]]:
    """The features, GeoJSON in EPSG:4326.

    Raises:
        BrokenReplyError: the reply is no JSON.
        TooMuchError: there is a second page.
    """
    if b'"nextPageToken"' in reply[-4096:]:
        raise TooMuchError("Earth Engine: expected all features in one page, got a part of them; ask for fewer")
    found: list[dict[str, Any]] = _field(reply, "features", [])
    return found


def _field(reply: bytes, name: str, default: Any = None) -> Any:
    try:
        found = json.loads(reply)
    except ValueError as error:
        raise BrokenReplyError(
            f"Earth Engine: expected JSON, got {len(reply)} bytes that are none; ask again"
        ) from error
    if not isinstance(found, dict) or (name not in found and default is None):
        raise BrokenReplyError(f"Earth Engine: expected JSON with {name}, got {reply[:100]!r}; ask again")
    return found.get(name, default)
