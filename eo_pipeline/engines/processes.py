"""Processes of this machine, the default engine: one pipe each, so that a process that dies costs its own batch only.

What does not belong here: what a process does (`process_worker`).
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for
from typing import Any

from eo_pipeline.engines.calls import Answer, Call
from eo_pipeline.engines.cores import usable_cores
from eo_pipeline.engines.crew import Answered, Crew, Event, Lost, Started
from eo_pipeline.engines.process_worker import Said, Worker


@dataclass(frozen=True)
class Processes:
    """Processes that are started for a call of `spawn` and end with it.

    Attributes:
        workers: at once; 0 for as many as this process may use cores.
    """

    workers: int = 0

    @contextmanager
    def crew(self, count: int, timeout: float | None) -> Iterator[Crew]:  # noqa: ARG002  # the board counts the seconds
        """See `crew.Engine`."""
        crew = _Crew(min(count, self.workers or usable_cores()))
        try:
            yield crew
        finally:
            crew.close()


class _Crew:
    def __init__(self, size: int) -> None:
        self._size = size
        self._busy: dict[int, Worker] = {}
        self._idle = [Worker() for _ in range(size)]

    def room(self) -> int:
        return self._size - len(self._busy)

    def send(self, number: int, call: Call) -> None:
        worker = self._idle.pop() if self._idle else Worker()
        while not worker.send(call):  # it ended while it was idle
            worker.kill()
            worker = Worker()
        self._busy[number] = worker

    def wait(self, seconds: float | None) -> Sequence[Event]:
        watched: dict[Any, int] = {item: number for number, worker in self._busy.items() for item in worker.watched}
        ready = wait_for(list(watched), seconds)
        heard = (self._heard(number) for number in sorted({watched[item] for item in ready}))
        return [event for event in heard if event is not None]

    def end(self, numbers: Sequence[int]) -> None:
        for number in set(numbers) & self._busy.keys():
            self._busy.pop(number).kill()

    def close(self) -> None:
        for worker in self._busy.values():
            worker.kill()
        for worker in self._idle:
            worker.dismiss()
        for worker in self._idle:
            worker.gone()

    def _heard(self, number: int) -> Event | None:
        worker = self._busy[number]
        said = worker.receive()
        if isinstance(said, str):
            worker.name = said
            return None
        if said is Said.BEGUN:
            worker.idle_with = None
            return Started(number, worker.name, time.time())
        del self._busy[number]
        if isinstance(said, Answer):
            self._idle.append(worker)
            return Answered(number, said)
        why, call = worker.why(), worker.idle_with
        worker.kill()
        if call is None:
            return Lost(number, why)
        self.send(number, call)  # it had ended before this call could reach it
        return None
