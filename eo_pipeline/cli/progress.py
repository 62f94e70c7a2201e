"""Counts of a long command as they grow: bars on a terminal, plain lines in a file or a log.

What does not belong here: where the counts come from.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

type Counts = Mapping[str, tuple[int, int]]
"""How many are done, and of how many, by what is counted; 0 of 0 is not known yet."""

SECONDS_BETWEEN_LINES = 3.0


@contextmanager
def shown_progress(console: Console) -> Iterator[Callable[[Counts], None]]:
    """Something to call with the newest counts, as often as one likes; counts that are absent stay as they were."""
    if console.is_terminal:
        with _bars(console) as bars:
            yield bars.update_counts
        return
    lines = Lines(lambda line: console.print(line, soft_wrap=True, markup=False, highlight=False))
    yield lines.update
    lines.finish()


class _Bars(Progress):
    """One bar for each name, in the order in which they came."""

    def update_counts(self, counts: Counts) -> None:
        known: dict[str, TaskID] = {task.description: task.id for task in self.tasks}
        for name, (done, total) in counts.items():
            number = known[name] if name in known else self.add_task(name, total=None)
            self.update(number, completed=done, total=total or None)


def _bars(console: Console) -> _Bars:
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return _Bars(*columns, console=console)


@dataclass
class Lines:
    """Lines that say what changed since the one before.

    Attributes:
        write: gets each line.
        clock: seconds that only grow.
    """

    write: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    _changed: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._start = self._last = self.clock()

    def update(self, counts: Counts) -> None:
        """Take the newest counts; a line if something changed and the last one is some seconds old."""
        self._changed |= {name: None for name, count in counts.items() if self._counts.get(name) != count}
        self._counts |= counts
        if self.clock() - self._last >= SECONDS_BETWEEN_LINES:
            self.finish()

    def finish(self) -> None:
        """A line about what no line said yet."""
        if not self._changed:
            return
        self._last = self.clock()
        seconds = round(self._last - self._start)
        said = ", ".join(f"{name} {_fraction(*self._counts[name])}" for name in self._changed)
        self.write(f"{seconds // 60:2d}:{seconds % 60:02d}  {said}")
        self._changed.clear()


def _fraction(done: int, total: int) -> str:
    return f"{done}/{total}" if total else str(done)
