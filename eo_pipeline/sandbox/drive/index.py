"""The index of all drives: one SQLite file, read once and written with every change. Not here: bytes, rules."""

import sqlite3
from pathlib import Path

from eo_pipeline.sandbox.drive.records import DriveFile

_SCHEMA = "CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID"


class Index:
    """Records of files by id. Callers take turns."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(_SCHEMA)
        rows = self._connection.execute("SELECT record FROM files").fetchall()
        self._files = {record.id: record for record in (DriveFile.from_json(row[0]) for row in rows)}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def get(self, file_id: str) -> DriveFile | None:
        """The record, or None."""
        return self._files.get(file_id)

    def all(self) -> list[DriveFile]:
        """Every record."""
        return list(self._files.values())

    def save(self, file: DriveFile) -> None:
        """Add or replace a record."""
        self._connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?)", (file.id, file.to_json()))
        self._files[file.id] = file

    def remove(self, file: DriveFile) -> None:
        """Forget a record."""
        self._connection.execute("DELETE FROM files WHERE id = ?", (file.id,))
        del self._files[file.id]
