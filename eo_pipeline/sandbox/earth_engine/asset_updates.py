"""Fields of assets in requests: what a new one has, and what an update changes. Not here: whether it is allowed."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from eo_pipeline.sandbox.catalog.user_assets.records import StoredBand, UserAsset
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.clock import parse_timestamp
from eo_pipeline.sandbox.frame.request_fields import mapping, number, text, texts
from eo_pipeline.sandbox.graph.encode import encode
from eo_pipeline.sandbox.graph.values import Date

_TIMES = {"start_time": "start_ms", "startTime": "start_ms", "end_time": "end_ms", "endTime": "end_ms"}
_START, _END = "system:time_start", "system:time_end"
_OF_SYSTEM = frozenset({_START, _END, "system:index"})


def described(asset: UserAsset, body: Mapping[str, object]) -> UserAsset:
    """The asset with properties and times of the body of a creation or a manifest.

    Raises:
        ServiceError: A field is of the wrong kind.
    """
    given = checked_properties(mapping(body, "properties"))
    own = {name: value for name, value in given.items() if not name.startswith("system:")}
    start, end = _time(body, "start_time", "startTime"), _time(body, "end_time", "endTime")
    return replace(
        asset,
        properties=own,
        start_ms=_milliseconds(given.get(_START)) if start is None else start,
        end_ms=_milliseconds(given.get(_END)) if end is None else end,
    )


def updated(asset: UserAsset, body: Mapping[str, object]) -> UserAsset:
    """The asset after an update.

    Args:
        asset: Before.
        body: `{"asset": .., "updateMask": {"paths": [..]}}`; without paths everything is replaced.

    Raises:
        ServiceError: A path is unknown, or a value of the wrong kind.
    """
    given = mapping(body, "asset")
    paths = texts(mapping(body, "updateMask"), "paths") or ("properties", "start_time", "end_time")
    for path in paths:
        asset = _with(asset, given, path)
    return asset


def checked_properties(properties: Mapping[str, object]) -> dict[str, object]:
    """Properties without those that are null.

    Raises:
        ServiceError: A value is no number, text, or list of numbers or of texts.
    """
    for name, value in properties.items():
        if not name or not _is_property(value):
            raise ServiceError(f"Invalid value at 'asset.properties': property '{name[:100]}' has an unsupported type.")
    return {name: value for name, value in properties.items() if value is not None}


def storable_properties(properties: Mapping[str, object]) -> dict[str, object]:
    """The properties of a computed image or feature that an asset keeps; times are numbers.

    Values that are no numbers, texts, dates or lists of numbers or of texts are left out, and so are properties of the
    system other than times and the index.
    """
    plain = {name: _plain(value) for name, value in properties.items()}
    kept = {name: value for name, value in plain.items() if not name.startswith("system:") or name in _OF_SYSTEM}
    return {name: value for name, value in kept.items() if _is_storable(value)}


def _plain(value: object) -> object:
    return value.milliseconds if isinstance(value, Date) else encode(value)


def _is_storable(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, int | float) for item in value) or all(isinstance(item, str) for item in value)
    return isinstance(value, int | float | str)


def _is_property(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, int | float | str) for item in value)
    return value is None or isinstance(value, int | float | str | dict)


def _with(asset: UserAsset, given: Mapping[str, object], path: str) -> UserAsset:
    """One path of the mask applied."""
    if path in _TIMES:
        name = path.removesuffix("_time").removesuffix("Time")
        instant = _time(given, f"{name}_time", f"{name}Time")
        return replace(asset, start_ms=instant) if _TIMES[path] == "start_ms" else replace(asset, end_ms=instant)
    if path == "bands":
        return replace(asset, bands=_renamed(asset.bands, given))
    properties = checked_properties(mapping(given, "properties"))
    if path == "properties":
        own = {name: value for name, value in properties.items() if not name.startswith("system:")}
        return replace(asset, properties=own)
    prefix, _, name = path.partition(".")
    name = name.strip('"')
    if prefix != "properties" or not name:
        raise ServiceError(f"Invalid value at 'update_mask': '{path[:100]}' cannot be updated.")
    return _with_property(asset, name, properties.get(name))


def _with_property(asset: UserAsset, name: str, value: object) -> UserAsset:
    if name in {_START, _END}:
        instant = _milliseconds(value)
        return replace(asset, start_ms=instant) if name == _START else replace(asset, end_ms=instant)
    if name.startswith("system:"):
        raise ServiceError(f"Cannot set property '{name[:100]}': names that begin with 'system:' are reserved.")
    rest = {known: kept for known, kept in asset.properties.items() if known != name}
    return replace(asset, properties=rest if value is None else {**rest, name: value})


def _renamed(bands: tuple[StoredBand, ...], given: Mapping[str, object]) -> tuple[StoredBand, ...]:
    entries = given.get("bands")
    names = [text(entry, "id") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    if len(names) != len(bands) or len({*names}) != len(names) or not all(names):
        raise ServiceError(f"Invalid value at 'asset.bands': expected {len(bands)} different band ids, got {names}.")
    return tuple(replace(band, id=str(name)) for band, name in zip(bands, names, strict=True))


def _time(body: Mapping[str, object], *names: str) -> int | None:
    """Milliseconds since 1970 of the first of the fields that is there: a timestamp, or `{"seconds": n}`."""
    for name in names:
        value = body.get(name)
        if isinstance(value, dict):
            seconds = number(value, "seconds") or 0.0
            return _milliseconds(seconds * 1000 + (number(value, "nanos") or 0.0) / 1e6)
        said = text(body, name)
        if said:
            try:
                instant = parse_timestamp(said)
            except ValueError as error:
                raise ServiceError(
                    f"Invalid value at '{name}' (type.googleapis.com/Timestamp), {said[:100]!r}"
                ) from error
            return round((instant - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
    return None


def _milliseconds(value: object) -> int | None:
    """A time property; None unless it is a number whose date has four digits."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if abs(value) > 253_402_300_799_999:
        raise ServiceError(f"Invalid time: {value:g} milliseconds since 1970 are beyond the year 9999.")
    return round(value)
