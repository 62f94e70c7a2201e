"""The nouns: an object's record, what its writer may set, its checksums, and names. Not here: bytes, SQL, HTTP."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import google_crc32c

from eo_pipeline.sandbox.cloud_storage.errors import invalid

BLOCK_BYTES = 1 << 20
"""Bytes held in memory at a time while an object streams in or out."""

SETTABLE_FIELDS = (
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentLanguage",
    "customTime",
    "storageClass",
)
"""Text fields of the JSON resource, besides contentType and metadata, that a writer sets."""


@dataclass(frozen=True)
class Checksums:
    """Checksums as the APIs write them, base64 of the big-endian digest; None where unknown or not asked."""

    crc32c: str | None = None
    md5: str | None = None

    def verify(self, measured: "Checksums") -> None:
        """Compare what the caller announced with what arrived.

        Raises:
            StorageError: 400, when an announced checksum differs.
        """
        if self.crc32c not in (None, measured.crc32c):
            raise invalid(f'Provided CRC32C "{self.crc32c}" doesn\'t match calculated CRC32C "{measured.crc32c}".')
        if self.md5 not in (None, measured.md5):
            raise invalid(f'Provided MD5 hash "{self.md5}" doesn\'t match calculated MD5 hash "{measured.md5}".')


def measure(path: Path) -> Checksums:
    """Read a file once, block by block, and return both of its checksums."""
    crc32c, md5 = 0, hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            crc32c = google_crc32c.extend(crc32c, block)
            md5.update(block)
    return Checksums(crc32c=_base64(crc32c.to_bytes(4, "big")), md5=_base64(md5.digest()))


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@dataclass(frozen=True)
class Attributes:
    """What the writer of an object may set beside its bytes."""

    content_type: str = "application/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The writer's own keys and values."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Any of SETTABLE_FIELDS, under the JSON API's names."""


@dataclass(frozen=True)
class ObjectMeta:
    """The record of one generation of an object."""

    bucket: str
    name: str
    generation: int
    """Microseconds since 1970 at the write; each write of the store gets a larger one."""
    metageneration: int
    """1 after a write; each change of attributes adds 1."""
    size: int
    """Bytes."""
    crc32c: str
    """Base64 of the big-endian CRC32C."""
    md5: str | None
    """Base64 of the MD5; None for objects made of several components."""
    content: str
    """Identity of the file that holds the bytes; never derived from the object's name."""
    created: str
    """RFC 3339, UTC."""
    updated: str
    """RFC 3339, UTC; moves with metageneration."""
    written: str
    """RFC 3339, UTC, by this machine's own clock, however fast the store's runs: what Last-Modified says, because
    clients (Icechunk) compare it with their own time."""
    components: int | None = None
    """How many parts a composed object has; None for one written whole."""
    attributes: Attributes = field(default_factory=Attributes)

    @property
    def etag(self) -> str:
        """The JSON API's entity tag: changes with every write and every change of attributes."""
        return _base64(f"{self.generation}/{self.metageneration}".encode())

    @property
    def content_etag(self) -> str:
        """The XML API's entity tag: the MD5 in hexadecimal, or `etag` for composed objects."""
        return self.etag if self.md5 is None else base64.b64decode(self.md5).hex()

    @property
    def checksums(self) -> Checksums:
        """Both checksums in one value."""
        return Checksums(crc32c=self.crc32c, md5=self.md5)

    def to_json(self) -> str:
        """The record as text; `from_json` reads it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ObjectMeta":
        """Read what `to_json` wrote."""
        record = json.loads(text)
        return cls(**{**record, "attributes": Attributes(**record["attributes"])})


def check_bucket_name(name: str) -> None:
    """Refuse, with HTTP 400, a bucket name outside the service's rules."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]", name):
        raise invalid(f"Invalid bucket name: '{name}'. Expected 3 to 63 characters of a-z, 0-9, '-', '_' and '.'.")


def check_object_name(name: str) -> None:
    """Refuse, with HTTP 400, an object name outside the service's rules (1 to 1024 bytes, no line breaks)."""
    size = len(name.encode("utf-8", "surrogatepass"))
    if not 1 <= size <= 1024 or name in (".", "..") or re.search("[\r\n\ud800-\udfff]", name):
        raise invalid(f"Disallowed object name {name!r}: expected 1 to 1024 bytes of UTF-8 without line breaks.")
