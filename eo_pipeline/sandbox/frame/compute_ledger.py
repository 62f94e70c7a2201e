"""How much compute each project used and when, kept on disk. Not here: limits, and what work costs."""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

ComputeType = Literal["online", "batch"]
"""As Cloud Monitoring names them: requests that are waited for, and operations."""

_SCHEMA = """CREATE TABLE IF NOT EXISTS used (
  project TEXT, minute INTEGER, compute_type TEXT, workload_tag TEXT, eecu_seconds REAL,
  PRIMARY KEY (project, minute, compute_type, workload_tag)
) WITHOUT ROWID"""
_ADD = """INSERT INTO used VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET eecu_seconds = eecu_seconds + excluded.eecu_seconds"""
_SUM = "SELECT COALESCE(SUM(eecu_seconds), 0) FROM used WHERE project = ? AND minute >= ?"
_ROWS = "SELECT * FROM used WHERE project = ? AND minute >= ? AND minute < ? ORDER BY minute"


@dataclass(frozen=True)
class Usage:
    """What a project used within one minute, by type and tag."""

    minute: datetime
    """Its beginning, UTC."""
    compute_type: ComputeType
    workload_tag: str
    """Empty where a request had none."""
    eecu_seconds: float


class ComputeLedger:
    """EECU-seconds by project and minute.

    Args:
        path: The SQLite file; its folder is made.
        clock: Says in which minute something is used.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute(_SCHEMA)

    def add(self, project: str, compute_type: ComputeType, workload_tag: str, eecu_seconds: float) -> None:
        """Count compute that a project used just now."""
        minute = _number(self._clock())
        with self._lock:
            self._connection.execute(_ADD, (project, minute, compute_type, workload_tag, eecu_seconds))

    def used(self, project: str, since: datetime) -> float:
        """EECU-seconds of a project from an instant on, to the minute."""
        with self._lock:
            return float(self._connection.execute(_SUM, (project, _number(since))).fetchone()[0])

    def usages(self, project: str, since: datetime, until: datetime) -> list[Usage]:
        """What a project used in the minutes that begin from `since` on and before `until`, oldest first."""
        first, last = (-int(-instant.timestamp() // 60) for instant in (since, until))
        with self._lock:
            rows = self._connection.execute(_ROWS, (project, first, last)).fetchall()
        return [Usage(_minute(row[1]), row[2], row[3], row[4]) for row in rows]


def _number(instant: datetime) -> int:
    """Minutes since 1970."""
    return int(instant.timestamp() // 60)


def _minute(number: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
