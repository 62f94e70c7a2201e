"""What changed in the sandbox and why: one JSON line an event.

What does not belong here: reads, and the state itself.
"""

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from eo_pipeline.sandbox.frame.clock import Clock, parse_timestamp, timestamp

FILE = "journal.jsonl"
"""Name of the journal in a sandbox's folder."""


class Journal:
    """An append-only list of events, kept in a file of JSON lines.

    Args:
        path: The file; its events of an earlier run are read again.
        clock: Gives each event its time.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._events = _read(path)

    def record(self, event: str, details: Mapping[str, object]) -> None:
        """Append an event: `{number, time, event, **details}`; details must be JSON values."""
        with self._lock:
            entry = {"number": len(self._events), "time": timestamp(self._clock.now()), "event": event, **details}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
            self._events.append(entry)

    def events(self, since: int = 0) -> list[dict[str, object]]:
        """The events numbered `since` and later, oldest first."""
        with self._lock:
            return self._events[max(since, 0) :]


def last_instant(path: Path) -> datetime | None:
    """The clock's time at the last event of an earlier run; None if there was none."""
    events = _read(path)
    return parse_timestamp(str(events[-1]["time"])) if events else None


def _read(path: Path) -> list[dict[str, object]]:
    """The whole lines of an earlier run; the file is cut after them, for a killed run may have left half a line."""
    if not path.exists():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]
