"""What any client of Cloud Storage may rely on, whichever client it is and whoever serves it.

Each check is a function of a small adapter; expected values come from the checks' own bytes. Not here: how a client is
pointed at a service (its adapter knows), and what only one client can do.
"""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import google_crc32c
import numpy as np
import pytest

MEBIBYTE = 1 << 20


class ObjectClient(Protocol):
    """One bucket as seen by one client library; names are relative to a prefix of its own."""

    missing: type[Exception]
    """What the library raises for an object that does not exist."""

    def write(self, name: str, data: bytes) -> None:
        """Write an object, replacing one of the same name."""

    def create(self, name: str, data: bytes) -> bool:
        """Write an object unless one of the name exists; whether it was written."""

    def write_stream(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write an object from blocks that are never all in memory."""

    def read(self, name: str) -> bytes:
        """All bytes of an object."""

    def read_stream(self, name: str) -> Iterator[bytes]:
        """An object's bytes in blocks."""

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        """Bytes `start` up to but not including `stop`."""

    def names(self, prefix: str) -> list[str]:
        """Names of all objects that begin with `prefix`, across pages."""

    def folder(self, prefix: str) -> tuple[list[str], list[str]]:
        """Names and common prefixes (which end in ``/``) directly below `prefix`, which ends in ``/``."""

    def size_and_checksum(self, name: str) -> tuple[int, str]:
        """Size in bytes, and a checksum the service reports, as ``crc32c=BASE64`` or ``md5=HEX``."""

    def delete(self, name: str) -> None:
        """Delete an object."""


def writes_and_reads(client: ObjectClient) -> None:
    data = np.random.default_rng(1).bytes(100_003)
    client.write("plain/one.bin", data)
    assert client.read("plain/one.bin") == data


def keeps_an_empty_object(client: ObjectClient) -> None:
    client.write("plain/empty", b"")
    assert client.read("plain/empty") == b""


def keeps_unusual_names_apart(client: ObjectClient) -> None:
    names = ["odd/a b+c", "odd/100%", "odd/%2F", "odd/größe/ö", "odd/x=1&y=2", "odd/#1", "odd/a'b(c)!", "odd/@:~*"]
    for name in names:
        client.write(name, name.encode())
    assert {name: client.read(name) for name in names} == {name: name.encode() for name in names}
    assert sorted(client.names("odd/")) == sorted(names)


def reads_ranges(client: ObjectClient) -> None:
    data = np.random.default_rng(2).bytes(3 * MEBIBYTE + 17)
    client.write("range.bin", data)
    for start, stop in ((0, 1), (5, 105), (MEBIBYTE - 1, 2 * MEBIBYTE + 1), (len(data) - 10, len(data))):
        assert client.read_range("range.bin", start, stop) == data[start:stop]


def overwrites(client: ObjectClient) -> None:
    client.write("again", b"first, and longer")
    client.write("again", b"second")
    assert client.read("again") == b"second"


def creates_once(client: ObjectClient) -> None:
    assert client.create("once", b"first")
    assert not client.create("once", b"second")
    assert client.read("once") == b"first"


def creates_once_among_many(client: ObjectClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: client.create("race", b"%d" % number), range(8)))
    assert outcomes.count(True) == 1
    assert client.read("race") == b"%d" % outcomes.index(True)


def reports_size_and_checksum(client: ObjectClient) -> None:
    data = np.random.default_rng(3).bytes(70_001)
    client.write("sum.bin", data)
    size, checksum = client.size_and_checksum("sum.bin")
    crc32c = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert size == len(data)
    assert checksum in (f"crc32c={crc32c}", f"md5={md5}")


def misses_what_is_not_there(client: ObjectClient) -> None:
    with pytest.raises(client.missing):
        client.read("never/written")


def deletes(client: ObjectClient) -> None:
    client.write("gone", b"1")
    client.delete("gone")
    assert client.names("gone") == []
    with pytest.raises(client.missing):
        client.read("gone")


def lists_one_folder(client: ObjectClient) -> None:
    for name in ("tree/a", "tree/b/1", "tree/b/2", "tree/c/d/1", "tree0/x"):
        client.write(name, b"1")
    names, prefixes = client.folder("tree/")
    assert sorted(names) == ["tree/a"]
    assert sorted(prefixes) == ["tree/b/", "tree/c/"]
    assert sorted(client.names("tree/")) == ["tree/a", "tree/b/1", "tree/b/2", "tree/c/d/1"]


def lists_beyond_one_page(client: ObjectClient) -> None:
    names = [f"many/{number // 100:02d}/{number:05d}" for number in range(1500)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: client.write(name, b"x"), names))
    assert sorted(client.names("many/")) == names
    assert len(client.names("many/03/")) == 100


def streams_a_large_object(client: ObjectClient) -> None:
    client.write_stream("large.bin", blocks(24))
    expected, found = hashlib.sha256(), hashlib.sha256()
    for block in blocks(24):
        expected.update(block)
    for block in client.read_stream("large.bin"):
        found.update(block)
    assert found.hexdigest() == expected.hexdigest()


def blocks(count: int) -> Iterator[bytes]:
    """Blocks of one mebibyte, the same at every call."""
    source = np.random.default_rng(4)
    for _ in range(count):
        yield source.bytes(MEBIBYTE)


CHECKS: tuple[Callable[[ObjectClient], None], ...] = (
    writes_and_reads,
    keeps_an_empty_object,
    keeps_unusual_names_apart,
    reads_ranges,
    overwrites,
    creates_once,
    creates_once_among_many,
    reports_size_and_checksum,
    misses_what_is_not_there,
    deletes,
    lists_one_folder,
    lists_beyond_one_page,
    streams_a_large_object,
)
