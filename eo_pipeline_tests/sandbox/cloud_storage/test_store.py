"""The store: whole or not at all, conditions at the moment of writing, state that outlives a restart."""

import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import google_crc32c
import pytest

from eo_pipeline.sandbox.cloud_storage.conditions import Conditions
from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.files import FolderInUseError
from eo_pipeline.sandbox.cloud_storage.objects import Attributes, Checksums
from eo_pipeline.sandbox.cloud_storage.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "store")) as made:
        made.create_bucket("bucket")
        yield made


def files(store: Store) -> list[Path]:
    return [
        path for path in store.root.rglob("*") if path.is_file() and not path.name.startswith(("index.sqlite", "lock"))
    ]


def test_writes_bytes_and_files_with_their_checksums(store: Store, tmp_path: Path) -> None:
    data = b"some bytes" * 1000
    (tmp_path / "source").write_bytes(data)
    for source in (data, tmp_path / "source"):
        meta = store.write("bucket", "x", source, "text/plain", {"made": "here"})
        assert store.read("bucket", "x") == data
        assert meta.size == len(data)
        assert meta.md5 == base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
        assert meta.crc32c == base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
        assert meta.attributes == Attributes("text/plain", {"made": "here"})
    assert (tmp_path / "source").read_bytes() == data


def test_everything_is_there_after_a_restart(store: Store) -> None:
    store.write("bucket", "x", b"1", metadata={"k": "v"})
    kept = store.write("bucket", "y", b"2")
    store.delete("bucket", "x")
    store.close()
    with closing(Store(store.root)) as again:
        assert [dict(bucket)["name"] for bucket in again.buckets()] == ["bucket"]
        assert list(again.list("bucket")) == [kept]
        assert again.read("bucket", "y") == b"2"


def test_a_folder_has_one_store_at_a_time(store: Store) -> None:
    with pytest.raises(FolderInUseError, match=r"no other sandbox uses, got .*; stop the other one or choose"):
        Store(store.root)
    store.close()
    Store(store.root).close()


def test_a_start_removes_what_a_stopped_process_left(store: Store) -> None:
    store.write("bucket", "x", b"1")
    used = files(store)
    orphan = store.root / "content" / "ab" / "abandoned"
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"?")
    (store.root / "staging" / "half").write_bytes(b"?")
    store.close()
    with closing(Store(store.root)) as again:
        assert files(again) == used


def test_generations_grow_even_when_the_clock_does_not(tmp_path: Path) -> None:
    generations = []
    with closing(Store(tmp_path, lambda: datetime(2026, 1, 1, tzinfo=UTC))) as store:
        store.create_bucket("bucket")
        for _ in range(3):
            generations.append(store.write("bucket", "x", b"1").generation)
            store.delete("bucket", "x")
    first = 1767225600 * 10**6
    assert generations == [first, first + 1, first + 2]


def test_one_of_many_conditional_writers_wins_and_the_losers_leave_nothing(store: Store) -> None:
    refusals: list[int] = []

    def create(number: int) -> bool:
        with store.staged() as path:
            path.write_bytes(b"%d" % number)
            try:
                store.put(path, "bucket", "x", Attributes(), conditions=Conditions(generation_match=0))
            except StorageError as error:
                refusals.append(error.code)
                return False
        return True

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(create, range(64)))
    assert outcomes.count(True) == 1
    assert refusals == [412] * 63
    assert store.read("bucket", "x") == b"%d" % outcomes.index(True)
    assert len(files(store)) == 1


def test_an_open_object_stays_readable_when_it_is_replaced(store: Store) -> None:
    store.write("bucket", "x", b"first")
    _, file = store.open("bucket", "x")
    with file:
        store.write("bucket", "x", b"second")
        store.delete("bucket", "x")
        assert file.read() == b"first"
    assert files(store) == []


@pytest.mark.parametrize("name", ["../../escape", "/etc/passwd", "a/../../../b", "..%2f", "\0", "a" * 1024, "\\..\\x"])
def test_names_never_become_paths(store: Store, name: str) -> None:
    before = set(store.root.parent.rglob("*"))
    store.write("bucket", name, b"1")
    assert store.read("bucket", name) == b"1"
    assert [meta.name for meta in store.list("bucket")] == [name]
    new = [path for path in set(store.root.parent.rglob("*")) - before if path.is_file()]
    assert all((store.root / "content") in path.parents for path in new)


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "a\rb", "é" * 513])
def test_refuses_names_the_service_refuses(store: Store, name: str) -> None:
    with pytest.raises(StorageError, match=r"Disallowed object name .*expected 1 to 1024 bytes"):
        store.write("bucket", name, b"1")


@pytest.mark.parametrize("name", ["ab", "Upper", "-a-", "a" * 64, "a/b", "../x"])
def test_refuses_bucket_names_the_service_refuses(store: Store, name: str) -> None:
    with pytest.raises(StorageError, match=r"Invalid bucket name.*Expected 3 to 63 characters"):
        store.create_bucket(name)


def test_a_wrong_checksum_keeps_the_object_that_was_there(store: Store) -> None:
    store.write("bucket", "x", b"first")
    for expected in (Checksums(md5="AAAAAAAAAAAAAAAAAAAAAA=="), Checksums(crc32c="AAAAAA==")):
        with store.staged() as path:
            path.write_bytes(b"second")
            with pytest.raises(StorageError, match="doesn't match calculated"):
                store.put(path, "bucket", "x", Attributes(), expected=expected)
    assert store.read("bucket", "x") == b"first"
    assert len(files(store)) == 1


def test_copies_share_bytes_and_live_apart(store: Store) -> None:
    source = store.write("bucket", "x", b"bytes")
    copied = store.copy(source, "bucket", "y", source.attributes, Conditions())
    store.delete("bucket", "x")
    assert store.read("bucket", "y") == b"bytes"
    assert (copied.crc32c, copied.md5, copied.size) == (source.crc32c, source.md5, source.size)
    assert copied.generation > source.generation


def test_errors_name_what_is_missing(store: Store) -> None:
    with pytest.raises(StorageError, match="No such object: bucket/never") as missing:
        store.read("bucket", "never")
    assert missing.value.code == 404
    with pytest.raises(StorageError, match="The specified bucket does not exist"):
        store.write("nowhere", "x", b"1")
    with pytest.raises(StorageError, match="you already own it"):
        store.create_bucket("bucket")
    store.write("bucket", "x", b"1")
    with pytest.raises(StorageError, match="not empty"):
        store.delete_bucket("bucket")
    with pytest.raises(StorageError, match="No such object"):
        store.get("bucket", "x", generation=1)
