"""Resident memory of a process together with all that it started, sampled while it runs.

Linux's /proc tells; elsewhere nothing is found. Pages that processes share count once for each of them. Does not belong
here: the high-water mark of a single process, which needs no sampling (`child`).
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INTERVAL = 0.05
"""Seconds between two looks."""


class Watch:
    """What was seen.

    Attributes:
        peak_mb: most memory of all together at one look, MB (1e6 bytes); 0 if the process never had a child.
    """

    def __init__(self) -> None:
        self.peak_mb = 0.0

    def look(self, pid: int) -> None:
        """Takes the memory of the moment into account."""
        family = [pid, *descendants(pid)]
        if len(family) > 1:
            self.peak_mb = max(self.peak_mb, sum(map(_resident_mb, family)))


@contextmanager
def watched(pid: int) -> Iterator[Watch]:
    """Looks at a process and its descendants until the block ends."""
    watch, over = Watch(), threading.Event()

    def watching() -> None:
        while not over.wait(INTERVAL):
            watch.look(pid)

    thread = threading.Thread(target=watching)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()


def descendants(pid: int) -> list[int]:
    """Children of a process, theirs, and so on; none if it has ended."""
    try:
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (FileNotFoundError, ProcessLookupError):  # ended between two reads
        return []
    children = [int(child) for text in texts for child in text.split()]
    return children + [grandchild for child in children for grandchild in descendants(child)]


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):  # ended
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
