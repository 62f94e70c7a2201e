"""One bucket as a client library sees it: what the checks of `cloud_storage` may call.

Not here: the checks, and how a client is pointed at a service (each adapter knows).
"""

# ruff: noqa: ARG002 - the base class says which calls there are; only adapters use what they are given

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self


class NoCallError(Exception):
    """The client has no call for what a check needs; its adapter's `lacks` says so, with a reason."""


@dataclass(frozen=True)
class Guard:
    """What a service that asks for credentials refuses."""

    stranger: Path
    """A service account's key that is signed well, and that the service does not trust."""
    forbidden_bucket: str
    """An existing bucket in which the trusted key's account may do nothing."""


@dataclass(frozen=True)
class Access:
    """Where a bucket is, and who asks."""

    endpoint: str
    """`http://HOST:PORT`."""
    bucket: str
    key: Path | None
    """A service account's key file; None: no credentials."""
    guard: Guard | None
    """None: the service asks for no credentials."""


@dataclass(frozen=True)
class Description:
    """What a writer may set beside an object's bytes."""

    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class ObjectClient:
    """The calls; each client's adapter answers those its library has. Names are relative to the bucket.

    Every method that an adapter leaves as it is raises NoCallError.
    """

    library: ClassVar[str]
    """As the documentation names it."""
    missing: ClassVar[tuple[type[Exception], ...]]
    """What the library raises for an object that does not exist."""
    refused: ClassVar[tuple[type[Exception], ...]]
    """What the library raises for 400, 401, 403 and 416, and for a token it does not get."""
    lacks: ClassVar[Mapping[str, str]]
    """Names of checks that the library has no call for, each with the reason."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def with_key(self, key: Path | None) -> Self:
        """The same client with another key, or without credentials."""
        return type(self)(replace(self.access, key=key))

    def in_bucket(self, bucket: str) -> Self:
        """The same client in another bucket."""
        return type(self)(replace(self.access, bucket=bucket))

    def write(self, name: str, data: bytes) -> None:
        """Write an object, replacing one of the same name."""
        raise NoCallError

    def create(self, name: str, data: bytes) -> bool:
        """Write an object unless one of the name exists; whether it was written."""
        raise NoCallError

    def write_stream(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write an object from blocks that are never all in memory: a resumable or a multipart upload."""
        raise NoCallError

    def write_announced(self, name: str, data: bytes, crc32c: str) -> None:
        """Write an object and announce its CRC32C (base64 of the big-endian bytes)."""
        raise NoCallError

    def write_described(self, name: str, data: bytes, description: Description) -> None:
        """Write an object with a content type and metadata."""
        raise NoCallError

    def read(self, name: str) -> bytes:
        """All bytes of an object."""
        raise NoCallError

    def read_stream(self, name: str) -> Iterator[bytes]:
        """An object's bytes in blocks."""
        raise NoCallError

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        """Bytes `start` up to but not including `stop`, or up to the object's end if that comes first."""
        raise NoCallError

    def read_last(self, name: str, count: int) -> bytes:
        """The last `count` bytes."""
        raise NoCallError

    def names(self, prefix: str) -> list[str]:
        """Names of all objects that begin with `prefix`, across pages."""
        raise NoCallError

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        """Names and common prefixes (which end in ``/``) directly below `prefix`, which ends in ``/``."""
        raise NoCallError

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        """Size in bytes, and a checksum the service reports, as ``crc32c=BASE64`` or ``md5=HEX``."""
        raise NoCallError

    def description(self, name: str) -> Description:
        """Content type and metadata of an object."""
        raise NoCallError

    def version(self, name: str) -> str:
        """What tells one write of an object from another: its generation, or a snapshot's id."""
        raise NoCallError

    def read_version(self, name: str, version: str) -> bytes:
        """All bytes of an object as one write left it."""
        raise NoCallError

    def replace_version(self, name: str, data: bytes, version: str) -> bool:
        """Write an object if it is still the one of a version, asked for through this client; whether it was."""
        raise NoCallError

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the service."""
        raise NoCallError

    def compose(self, sources: list[str], target: str) -> None:
        """Join objects into one within the service."""
        raise NoCallError

    def delete(self, name: str) -> None:
        """Delete an object."""
        raise NoCallError
