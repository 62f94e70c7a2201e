"""Ranges and conditions of GET requests (RFC 9110). What does not belong here: what is sent."""

import re
from collections.abc import Mapping

Range = tuple[int, int]
"""(first byte, the one after the last)."""


class UnsatisfiableRangeError(ValueError):
    """A range that has no byte of the file."""


def asked_range(header: str | None, size: int) -> Range | None:
    """The single range asked for of a file of `size` bytes; None when the whole file is meant.

    Several ranges and malformed ones are answered with the whole file, as the standard allows.

    Raises:
        UnsatisfiableRangeError: The range has no byte of the file.
    """
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", (header or "").strip(), re.ASCII)
    if match is None or not (match[1] or match[2]):
        return None
    if match[1] and match[2] and int(match[2]) < int(match[1]):
        return None
    start = int(match[1]) if match[1] else max(0, size - int(match[2]))
    stop = min(size, int(match[2]) + 1) if match[1] and match[2] else size
    if start >= stop:
        raise UnsatisfiableRangeError(f"expected a range within {size} bytes, got {header!r}; ask for less")
    return start, stop


def is_named(header: str, etag: str) -> bool:
    """Whether If-Match or If-None-Match names a tag, weakly or strongly."""
    return header.strip() == "*" or etag in [tag.strip().removeprefix("W/") for tag in header.split(",")]


def refusal(headers: Mapping[str, str], etag: str) -> int | None:
    """The status that the request's conditions lead to, 412 or 304; None when they hold."""
    if "if-match" in headers:
        return None if is_named(headers["if-match"], etag) else 412
    if "if-none-match" in headers and is_named(headers["if-none-match"], etag):
        return 304
    return None


def applies(headers: Mapping[str, str], etag: str) -> bool:
    """Whether a Range header counts: If-Range is absent or names this tag."""
    return headers.get("if-range", etag).strip() == etag
