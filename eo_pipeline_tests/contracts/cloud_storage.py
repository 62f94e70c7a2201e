"""What any client of Cloud Storage may rely on, whichever client it is and whoever serves it: the one list of checks.

Each check is a function of a small adapter; expected values come from the checks' own bytes. Here are those of bytes,
names and listings; `storage_versions` and `storage_access` hold the others. Not here: how a client is pointed at a
service (its adapter knows), and what only one client can do.
"""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from eo_pipeline_tests.contracts import storage_access, storage_versions
from eo_pipeline_tests.contracts.object_client import ObjectClient

MEBIBYTE = 1 << 20
Check = Callable[[ObjectClient], None]


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


def reads_the_last_bytes(client: ObjectClient) -> None:
    data = np.random.default_rng(5).bytes(50_021)
    client.write("suffix.bin", data)
    for count in (1, 100, len(data)):
        assert client.read_last("suffix.bin", count) == data[-count:]


def reads_up_to_the_end_and_not_beyond(client: ObjectClient) -> None:
    """A range that ends after the object ends with it; one that begins there is empty, or refused (416)."""
    client.write("short.bin", b"0123456789")
    assert client.read_range("short.bin", 7, 100) == b"789"
    try:
        found = client.read_range("short.bin", 10, 20)
    except client.refused:
        found = b""
    assert found == b""


def overwrites(client: ObjectClient) -> None:
    client.write("again", b"first, and longer")
    client.write("again", b"second")
    assert client.read("again") == b"second"


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
    """Over 1,000 entries, the most of one page: of all names, and of one folder's names and common prefixes."""
    assert client.folder("many/") == ([], [])
    files = [f"many/{number:04d}" for number in range(600)]
    inside = [f"many/folder {number:04d}/x" for number in range(450)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: client.write(name, b"x"), files + inside))
    assert sorted(client.names("many/")) == sorted(files + inside)
    names, prefixes = client.folder("many/")
    assert sorted(names) == files
    assert sorted(prefixes) == [name.removesuffix("x") for name in inside]


def streams_a_large_object(client: ObjectClient) -> None:
    client.write_stream("large.bin", blocks(24))
    expected, found = hashlib.sha256(), hashlib.sha256()
    for block in blocks(24):
        expected.update(block)
    for block in client.read_stream("large.bin"):
        found.update(block)
    assert found.hexdigest() == expected.hexdigest()


def streams_end_at_any_byte(client: ObjectClient) -> None:
    """Nothing, one byte, whole parts of every client's size (4 and 5 MiB), one byte more."""
    data = b"".join(blocks(20)) + b"!"
    for size in (0, 1, len(data) - 1, len(data)):
        client.write_stream(
            "ends.bin", [data[start : min(size, start + MEBIBYTE)] for start in range(0, size, MEBIBYTE)]
        )
        assert client.read("ends.bin") == data[:size]


def blocks(count: int) -> Iterator[bytes]:
    """Blocks of one mebibyte, the same at every call."""
    source = np.random.default_rng(4)
    for _ in range(count):
        yield source.bytes(MEBIBYTE)


GUARDED_CHECKS: tuple[Check, ...] = (
    storage_access.lets_in_who_signs_with_a_trusted_key,
    storage_access.refuses_a_key_it_does_not_trust,
    storage_access.refuses_a_bucket_without_permission,
)
"""Those of CHECKS that need a service which asks for credentials."""

CHECKS: tuple[Check, ...] = (
    writes_and_reads,
    keeps_an_empty_object,
    keeps_unusual_names_apart,
    reads_ranges,
    reads_the_last_bytes,
    reads_up_to_the_end_and_not_beyond,
    overwrites,
    misses_what_is_not_there,
    deletes,
    lists_one_folder,
    lists_beyond_one_page,
    streams_a_large_object,
    streams_end_at_any_byte,
    storage_versions.creates_once,
    storage_versions.creates_once_among_many,
    storage_versions.gives_each_write_a_version,
    storage_versions.replaces_only_the_version_it_knows,
    storage_versions.replaces_once_among_many,
    storage_versions.reads_the_version_asked_for,
    storage_versions.reports_size_and_checksum,
    storage_versions.refuses_a_corrupted_upload,
    storage_versions.keeps_metadata,
    storage_versions.forgets_the_metadata_of_what_it_replaces,
    storage_versions.copies,
    storage_versions.composes,
    *GUARDED_CHECKS,
)
