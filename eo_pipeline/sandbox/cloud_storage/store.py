"""Buckets and objects on disk, for many threads of one process. Not here: HTTP, credentials, upload sessions.

Under the root: ``index.sqlite`` (records) and the folders of `files.Files` (bytes).
"""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from eo_pipeline.sandbox.cloud_storage import listing
from eo_pipeline.sandbox.cloud_storage.conditions import ALWAYS, Conditions
from eo_pipeline.sandbox.cloud_storage.errors import StorageError, no_bucket, no_object
from eo_pipeline.sandbox.cloud_storage.files import Files
from eo_pipeline.sandbox.cloud_storage.index import Index
from eo_pipeline.sandbox.cloud_storage.lifecycle import DeleteRule, delete_rules
from eo_pipeline.sandbox.cloud_storage.objects import (
    Attributes,
    Checksums,
    ObjectMeta,
    check_bucket_name,
    check_object_name,
    measure,
)


def utc_now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Store:
    """Buckets and objects under one folder; FolderInUseError when another Store has it."""

    def __init__(self, root: Path, clock: Callable[[], datetime] = utc_now) -> None:
        self.root = root
        self.clock = clock
        self._files = Files(root)
        self._index = Index(root / "index.sqlite")
        self._lock = threading.RLock()
        self._files.remove_all_but(self._index.contents())

    def close(self) -> None:
        """Close the index; the folder may then be opened again."""
        with self._lock:
            self._index.close()
            self._files.close()

    # Buckets

    def create_bucket(self, name: str, record: Mapping[str, object] | None = None) -> Mapping[str, object]:
        """Create a bucket and return its resource; `record` adds fields of the JSON resource.

        Raises:
            StorageError: 400 for a bad name, 409 when it exists.
        """
        check_bucket_name(name)
        with self._lock:
            if self._index.bucket(name) is not None:
                message = "Your previous request to create the named bucket succeeded and you already own it."
                raise StorageError(409, message, "conflict")
            delete_rules(record or {})
            times = {"timeCreated": self.now(), "updated": self.now()}
            self._index.save_bucket(name, {**(record or {}), **times, "name": name, "metageneration": 1})
            return self.bucket(name)

    def bucket(self, name: str) -> Mapping[str, object]:
        """A bucket's resource; StorageError 404 when there is none."""
        with self._lock:
            record = self._index.bucket(name)
        if record is None:
            raise no_bucket()
        return record

    def buckets(self) -> tuple[Mapping[str, object], ...]:
        """Every bucket's resource, by name."""
        with self._lock:
            return tuple(self._index.buckets())

    def update_bucket(self, name: str, changes: Mapping[str, object]) -> Mapping[str, object]:
        """Set fields of a bucket's resource; its metageneration grows by 1."""
        with self._lock:
            record = self.bucket(name)
            counted = {"updated": self.now(), "name": name, "metageneration": int(str(record["metageneration"])) + 1}
            delete_rules(changes)
            self._index.save_bucket(name, {**record, **changes, **counted})
            return self.bucket(name)

    def delete_bucket(self, name: str) -> None:
        """Delete an empty bucket; StorageError 409 when it holds objects."""
        with self._lock:
            self.bucket(name)
            self._expire_all(name)
            if next(self._index.rows_from(name, ""), None) is not None:
                raise StorageError(409, "The bucket you tried to delete is not empty.", "conflict")
            self._index.remove_bucket(name)

    # Reading

    def get(self, bucket: str, name: str, *, generation: int | None = None) -> ObjectMeta:
        """The record of an object; StorageError 404 without bucket, object, or that generation."""
        with self._lock:
            meta = self.find(bucket, name)
        if meta is None or generation not in (None, meta.generation):
            raise no_object(bucket, name)
        return meta

    def find(self, bucket: str, name: str) -> ObjectMeta | None:
        """The record of an object, or None; StorageError 404 without the bucket."""
        with self._lock:
            rules = delete_rules(self.bucket(bucket))
            meta = self._index.get(bucket, name)
            return meta if meta is None or not self._expired(meta, rules) else None

    def open(
        self, bucket: str, name: str, *, generation: int | None = None, conditions: Conditions = ALWAYS
    ) -> tuple[ObjectMeta, BinaryIO]:
        """Record and open file of one generation; the file stays readable when the object is replaced or deleted.

        Raises:
            StorageError: 404 without bucket or object, 304 or 412 for a failed condition.
        """
        with self._lock:
            meta = self.get(bucket, name, generation=generation)
            conditions.check(meta, reading=True)
            return meta, self._files.open(meta.content)

    def read(self, bucket: str, name: str) -> bytes:
        """All bytes of an object that fits in memory."""
        _, file = self.open(bucket, name)
        with file:
            return file.read()

    def page(self, bucket: str, query: listing.Query) -> listing.Page:
        """One page of a bucket's listing."""
        with self._lock:
            self._expire_all(bucket)
            return listing.page(lambda start: self._index.rows_from(bucket, start), query)

    def list(self, bucket: str, prefix: str = "") -> Iterator[ObjectMeta]:
        """Every object whose name begins with `prefix`, by name."""
        start: str | None = ""
        while start is not None:
            found = self.page(bucket, listing.Query(prefix=prefix, start=start))
            yield from found.objects
            start = found.next_start

    # Writing

    def write(
        self,
        bucket: str,
        name: str,
        source: Path | bytes,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> ObjectMeta:
        """Write an object from bytes or from a copy of a file, replacing one of the same name."""
        with self.staged() as path:
            if isinstance(source, bytes):
                path.write_bytes(source)
            else:
                shutil.copyfile(source, path)
            return self.put(path, bucket, name, Attributes(content_type, metadata or {}))

    def staged(self) -> AbstractContextManager[Path]:
        """A path to fill with bytes and hand to `put`; removed on leaving unless `put` took it."""
        return self._files.staged()

    def put(
        self,
        path: Path,
        bucket: str,
        name: str,
        attributes: Attributes,
        *,
        conditions: Conditions = ALWAYS,
        expected: Checksums | None = None,
        components: int | None = None,
    ) -> ObjectMeta:
        """Make a file from `staged` an object: whole or not at all, and only if `conditions` hold at that moment.

        Args:
            path: The staged file; it is moved.
            bucket: An existing bucket.
            name: The object's name.
            attributes: What the writer sets.
            conditions: Checked against the object that is live now.
            expected: Checksums the writer announced.
            components: How many parts the bytes were composed of; None for one.

        Raises:
            StorageError: 400 for a bad name or checksum, 404 without bucket, 412 for a failed condition.
        """
        check_object_name(name)
        measured = measure(path)
        (expected or Checksums()).verify(measured)
        assembled = replace(measured, md5=None) if components else measured
        return self._publish(
            path, bucket, name, attributes, conditions=conditions, checksums=assembled, components=components
        )

    def copy(
        self, source: ObjectMeta, bucket: str, name: str, attributes: Attributes, conditions: Conditions
    ) -> ObjectMeta:
        """Make `source`'s bytes an object of another name or bucket, without moving bytes."""
        check_object_name(name)
        with self.staged() as path:
            with self._lock:
                live = self.get(source.bucket, source.name, generation=source.generation)
                self._files.link(live.content, path)
            return self._publish(
                path,
                bucket,
                name,
                attributes,
                conditions=conditions,
                checksums=source.checksums,
                components=source.components,
            )

    def update(self, meta: ObjectMeta, attributes: Attributes, conditions: Conditions) -> ObjectMeta:
        """Set an object's attributes; its metageneration grows by 1, its generation stays."""
        with self._lock:
            live = self.get(meta.bucket, meta.name, generation=meta.generation)
            conditions.check(live)
            counted = live.metageneration + 1
            changed = replace(live, attributes=attributes, metageneration=counted, updated=self.now())
            self._index.save(changed)
        return changed

    def delete(self, bucket: str, name: str, conditions: Conditions = ALWAYS, *, generation: int | None = None) -> None:
        """Delete an object; StorageError 404 when there is none, 412 for a failed condition."""
        with self._lock:
            meta = self.get(bucket, name, generation=generation)
            conditions.check(meta)
            self._index.remove(meta)
        self._files.remove(meta.content)

    def now(self) -> str:
        """The clock's time as the APIs write it: RFC 3339, UTC, milliseconds."""
        return _rfc3339(self.clock())

    def _expire_all(self, bucket: str) -> None:
        """Delete what the bucket's lifecycle rules say; StorageError 404 without the bucket."""
        if rules := delete_rules(self.bucket(bucket)):
            for meta in self._index.rows_from(bucket, ""):
                self._expired(meta, rules)

    def _expired(self, meta: ObjectMeta, rules: Iterable[DeleteRule]) -> bool:
        """True if a rule deletes the object; then it is gone."""
        now = self.clock()
        if not any(rule.applies(meta, now) for rule in rules):
            return False
        self._index.remove(meta)
        self._files.remove(meta.content)
        return True

    def _publish(
        self,
        path: Path,
        bucket: str,
        name: str,
        attributes: Attributes,
        *,
        conditions: Conditions,
        checksums: Checksums,
        components: int | None,
    ) -> ObjectMeta:
        size = path.stat().st_size
        with self._lock:
            previous = self.find(bucket, name)
            conditions.check(previous)
            meta = ObjectMeta(
                bucket=bucket,
                name=name,
                generation=self._index.next_generation(int(self.clock().timestamp() * 1e6)),
                metageneration=1,
                size=size,
                crc32c=checksums.crc32c or "",
                md5=checksums.md5,
                content=self._files.keep(path),
                created=self.now(),
                updated=self.now(),
                written=_rfc3339(utc_now()),
                components=components,
                attributes=attributes,
            )
            self._index.save(meta)
        if previous is not None:
            self._files.remove(previous.content)
        return meta
