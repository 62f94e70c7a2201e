"""What is fetched, how much at once, and what became of it. What does not belong here: fetching."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True)
class StoredObject:
    """An object as listed.

    Attributes:
        name: full name in the bucket.
        size: bytes.
        crc32c: base64 of the big-endian checksum.
        generation: version of the content.
        created: when it was written, UTC; None if the listing does not say.
    """

    name: str
    size: int
    crc32c: str
    generation: int
    created: datetime | None = None


class Flaw(StrEnum):
    """In what way a file is not what it should be; the text is what a person reads."""

    MISSING = "missing"
    """There is no such object."""
    CORRUPT = "corrupt"
    """All bytes came, but not with the listed CRC32C."""
    TRUNCATED = "truncated"
    """Fewer bytes than listed, or than the file itself says it has."""
    EMPTY = "empty"
    """0 bytes."""
    UNREADABLE = "unreadable"
    """No raster."""
    REFUSED = "refused"
    """The service does not send it."""


@dataclass(frozen=True)
class Download:
    """What became of one object.

    Attributes:
        source: the object.
        path: the file if it is whole, else None.
        problem: why not, in words; empty if it is whole.
        flaw: why not; None if it is whole.
        crc32c: base64 of the file's own checksum; empty if it is not whole.
    """

    source: StoredObject
    path: Path | None
    problem: str = ""
    flaw: Flaw | None = None
    crc32c: str = ""


@dataclass(frozen=True)
class Limits:
    """How much is under way at once.

    Attributes:
        at_once: requests.
        piece: bytes that one request asks for; larger objects come in several pieces.
    """

    at_once: int = 32
    piece: int = 16 << 20


Progress = Callable[[str, int, int], None]
"""Called with (what is done, done so far, of how many)."""
