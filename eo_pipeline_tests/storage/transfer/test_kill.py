"""Downloads whose process is killed: nothing is asked twice but what was in flight, and no file is ever half-written.

The sandbox's journal says what was asked.
"""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from eo_pipeline_tests.processes import started
from eo_pipeline_tests.storage.transfer.conftest import PIECE, Shelf

AT_ONCE = 4
PIECES, SMALL = 20, 20


def test_a_killed_process_goes_on_where_it_was(shelf: Shelf, tmp_path: Path) -> None:
    """Killed among the pieces of a large object and small ones."""
    made = {"large": shelf.put("killed/large", PIECES * PIECE)}
    made |= {f"small{number}": shelf.put(f"killed/small{number}", 2000) for number in range(SMALL)}
    shelf.count(seconds=0.05)
    kill_after(shelf, PIECES, tmp_path)
    check_no_half_files(tmp_path / "files", made)
    before = Counter(shelf.asked())
    subprocess.run(command(shelf, tmp_path), check=True)
    files = {path.name: path.read_bytes() for path in (tmp_path / "files").iterdir()}
    assert files == made
    asked = Counter(shelf.asked())
    assert before["killed/large"] > 1
    assert asked.keys() == {f"killed/{name}" for name in made}
    assert PIECES + SMALL <= asked.total() <= PIECES + SMALL + AT_ONCE


def command(shelf: Shelf, folder: Path) -> list[str]:
    module = "eo_pipeline_tests.storage.transfer.downloading"
    return [sys.executable, "-m", module, shelf.sandbox.url, "killed/", str(folder / "files")]


def kill_after(shelf: Shelf, requests: int, folder: Path) -> None:
    """Start a download, and kill it when it made so many requests."""
    deadline = time.monotonic() + 60
    with started(command(shelf, folder), log=folder / "log") as process:
        while len(shelf.asked()) < requests:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.kill()
        process.wait()


def check_no_half_files(folder: Path, made: dict[str, bytes]) -> None:
    for path in folder.iterdir():
        if path.suffix not in {".part", ".journal"}:
            assert path.read_bytes() == made[path.name]
