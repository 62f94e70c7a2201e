"""Typed reading of JSON requests: a wrong kind becomes the service's 400, never a crash.

What does not belong here: the meaning of any field.
"""

from collections.abc import Mapping

from eo_pipeline.sandbox.errors import ServiceError


def mapping(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    """The object under `name`; empty when absent or null.

    Raises:
        ServiceError: Something else stands there.
    """
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    return value


def text(body: Mapping[str, object], name: str) -> str | None:
    """The text under `name`; None when absent or null.

    Raises:
        ServiceError: Something else stands there.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise _wrong(name, "TYPE_STRING", value)
    return value


def texts(body: Mapping[str, object], name: str) -> tuple[str, ...]:
    """The list of texts under `name`; empty when absent or null.

    Raises:
        ServiceError: Something else stands there.
    """
    value = body.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(name, "a list of TYPE_STRING", value)
    return tuple(value)


def flag(body: Mapping[str, object], name: str) -> bool:
    """The truth value under `name`; False when absent or null.

    Raises:
        ServiceError: Something else stands there.
    """
    value = _unwrapped(body, name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _wrong(name, "TYPE_BOOL", value)
    return value


def number(body: Mapping[str, object], name: str) -> float | None:
    """The number under `name`, plain, as text (`"NaN"` too) or wrapped as `{"value": ..}`; None when absent or null.

    Raises:
        ServiceError: Something else stands there.
    """
    value = _unwrapped(body, name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(name, "TYPE_DOUBLE", value)
    try:
        return float(value)
    except (ValueError, OverflowError) as error:
        raise _wrong(name, "TYPE_DOUBLE", value) from error


def whole(body: Mapping[str, object], name: str) -> int | None:
    """The whole number under `name`, plain, as text or wrapped as `{"value": ..}`; None when absent or null.

    Raises:
        ServiceError: Something else stands there, or it is beyond 64 bits.
    """
    value = _unwrapped(body, name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(name, "TYPE_INT64", value)
    try:
        read = int(value)
    except (ValueError, OverflowError) as error:
        raise _wrong(name, "TYPE_INT64", value) from error
    if abs(read) >= 2**63 or (isinstance(value, float) and read != value):
        raise _wrong(name, "TYPE_INT64", value)
    return read


def _unwrapped(body: Mapping[str, object], name: str) -> object:
    value = body.get(name)
    return value.get("value") if isinstance(value, dict) else value


def _wrong(name: str, kind: str, value: object) -> ServiceError:
    return ServiceError(f"Invalid value at '{name}' ({kind}), {str(value)[:200]!r}")
