"""What an export left in a store, and what became of its download, whichever store it is.

What does not belong here: any one store (`objects`, `drive`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Stored(Protocol):
    """Something listed in a store."""

    @property
    def name(self) -> str:
        """Its full name there."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def created(self) -> datetime | None:
        """When it was written, UTC; None if the listing does not say."""
        ...


class Flaw(StrEnum):
    """In what way a file is not what it should be; the text is what a person reads."""

    MISSING = "missing"
    """It is not there (any more)."""
    CORRUPT = "corrupt"
    """All bytes came, but not with the listed checksum."""
    TRUNCATED = "truncated"
    """Another number of bytes than listed, or fewer than the file itself says it has."""
    EMPTY = "empty"
    """0 bytes."""
    UNREADABLE = "unreadable"
    """No raster."""
    REFUSED = "refused"
    """The service does not send it."""


@dataclass(frozen=True)
class Download[S: Stored]:
    """What became of one of them.

    Attributes:
        source: as listed.
        path: the file if it is whole, else None.
        problem: why not, in words; empty if it is whole.
        flaw: why not; None if it is whole.
        crc32c: base64 of the file's own checksum; empty if it is not whole.
    """

    source: S
    path: Path | None
    problem: str = ""
    flaw: Flaw | None = None
    crc32c: str = ""


Progress = Callable[[str, int, int], None]
"""Called with (what is done, done so far, of how many)."""
