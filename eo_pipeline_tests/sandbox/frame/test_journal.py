from datetime import UTC, datetime
from pathlib import Path

from eo_pipeline.sandbox.frame.clock import Clock
from eo_pipeline.sandbox.frame.journal import Journal, last_instant


def clock() -> Clock:
    return Clock(speed=0, start=datetime(2026, 1, 1, tzinfo=UTC))


def test_events_are_numbered_dated_and_survive(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    journal = Journal(file, clock())
    journal.record("request", {"path": "/a"})
    journal.record("object", {"name": "b"})
    again = Journal(file, clock())
    again.record("request", {"path": "/c"})
    assert [entry["number"] for entry in again.events()] == [0, 1, 2]
    assert again.events(since=2) == [
        {"number": 2, "time": "2026-01-01T00:00:00.000000Z", "event": "request", "path": "/c"}
    ]
    assert len(file.read_text().splitlines()) == 3


def test_half_a_line_of_a_killed_run_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    Journal(file, clock()).record("request", {"path": "/a"})
    with file.open("a") as half:
        half.write('{"number": 1, "ti')
    journal = Journal(file, clock())
    journal.record("request", {"path": "/b"})
    assert [entry["path"] for entry in Journal(file, clock()).events()] == ["/a", "/b"]


def test_the_last_instant_of_an_earlier_run_is_known(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    assert last_instant(file) is None
    journal = Journal(file, clock())
    journal.record("request", {"path": "/a"})
    assert last_instant(file) == datetime(2026, 1, 1, tzinfo=UTC)
