"""What is fetched, and how much at once. Not here: fetching, and what became of it (`storage.stored`)."""

from dataclasses import dataclass
from datetime import datetime


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


@dataclass(frozen=True)
class Limits:
    """How much is under way at once.

    Attributes:
        at_once: requests.
        piece: bytes that one request asks for; larger objects come in several pieces.
    """

    at_once: int = 32
    piece: int = 16 << 20
