"""The index of buckets and objects: one SQLite file. Not here: bytes, preconditions, locking (the store's)."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from eo_pipeline.sandbox.cloud_storage.objects import ObjectMeta

_SCHEMA = """
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generations (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL);
INSERT OR IGNORE INTO generations VALUES (1, 0);
"""
_ROWS_AT_A_TIME = 500


class Index:
    """Rows of buckets and objects; every statement is its own transaction. Callers take turns."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def next_generation(self, now_us: int) -> int:
        """A number above every earlier one: `now_us` (microseconds since 1970), or the last one plus 1."""
        statement = "UPDATE generations SET last = max(last + 1, ?) RETURNING last"
        return int(self._connection.execute(statement, (now_us,)).fetchall()[0][0])

    def bucket(self, name: str) -> dict[str, object] | None:
        """The bucket's JSON resource, or None."""
        row = self._connection.execute("SELECT record FROM buckets WHERE name = ?", (name,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def buckets(self) -> list[dict[str, object]]:
        """Every bucket's JSON resource, by name."""
        rows = self._connection.execute("SELECT record FROM buckets ORDER BY name")
        return [dict(json.loads(row[0])) for row in rows]

    def save_bucket(self, name: str, record: Mapping[str, object]) -> None:
        """Add or replace a bucket."""
        self._connection.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?)", (name, json.dumps(record)))

    def remove_bucket(self, name: str) -> None:
        """Forget a bucket."""
        self._connection.execute("DELETE FROM buckets WHERE name = ?", (name,))

    def get(self, bucket: str, name: str) -> ObjectMeta | None:
        """The live object's record, or None."""
        statement = "SELECT record FROM objects WHERE bucket = ? AND name = ?"
        row = self._connection.execute(statement, (bucket, name)).fetchone()
        return None if row is None else ObjectMeta.from_json(row[0])

    def save(self, meta: ObjectMeta) -> None:
        """Add or replace an object's record."""
        row = (meta.bucket, meta.name, meta.content, meta.to_json())
        self._connection.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", row)

    def remove(self, meta: ObjectMeta) -> None:
        """Forget an object."""
        self._connection.execute("DELETE FROM objects WHERE bucket = ? AND name = ?", (meta.bucket, meta.name))

    def rows_from(self, bucket: str, start: str) -> Iterator[ObjectMeta]:
        """Records of a bucket from the name `start`, inclusive, in the order of the names' UTF-8 bytes."""
        statement = "SELECT record FROM objects WHERE bucket = ? AND name >= ? ORDER BY name LIMIT ?"
        while True:
            rows = self._connection.execute(statement, (bucket, start, _ROWS_AT_A_TIME)).fetchall()
            metas = [ObjectMeta.from_json(row[0]) for row in rows]
            yield from metas
            if len(metas) < _ROWS_AT_A_TIME:
                return
            start = metas[-1].name + "\0"

    def contents(self) -> set[str]:
        """Identities of all content files in use."""
        return {row[0] for row in self._connection.execute("SELECT content FROM objects")}
