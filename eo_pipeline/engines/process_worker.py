"""A worker process of this machine: its life from inside and from outside.

What does not belong here: which batch it is given (`processes`).
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from eo_pipeline.engines.calls import Call, perform, worker_name
from eo_pipeline.errors import EngineError

_CONTEXT = get_context("spawn")
"""A forked process would inherit locks that threads of GDAL and Icechunk hold, and hang."""

_PATIENCE = 5.0
"""Seconds for an idle worker to leave by itself."""

_ENDING = 60.0
"""Seconds for a worker whose pipe is closed to be gone: it is on its way, however busy the machine."""


class Said(Enum):
    """What a worker says between its name and its answers."""

    BEGUN = "it has taken its call"


def serve(connection: Connection) -> None:
    """Work at one call after the other until the other end of the connection is closed, or its process has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    connection.send(worker_name())
    while True:
        try:
            call = connection.recv()
        except EOFError:
            return
        connection.send(Said.BEGUN)
        connection.send(perform(call))


class Worker:
    """A worker process, from the side of who started it.

    Attributes:
        name: host and process; empty until it is ready.
        idle_with: the call that it was given when it was ready, and has not begun with; None if there is no such.
    """

    def __init__(self) -> None:
        self.name = ""
        self.idle_with: Call | None = None
        self.connection, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=serve, args=(theirs,), daemon=True)
        with _without_interrupts():
            self._process.start()
        theirs.close()

    @property
    def watched(self) -> tuple[Connection, int]:
        """What `multiprocessing.connection.wait` is to look at: one of them is ready if anything happened."""
        return self.connection, self._process.sentinel

    def send(self, call: Call) -> bool:
        """Give it a call; False if it has ended.

        Raises:
            EngineError: it could not even start.
        """
        try:
            self.connection.send(call)
        except OSError:
            self._check_start()
            return False
        self.idle_with = call if self.name else None
        return True

    def receive(self) -> Any:
        """What it said: its name once it is ready, then BEGUN and an answer for each call; None if it has ended.

        Raises:
            EngineError: it could not even start.
        """
        try:
            if self.connection.poll():
                return self.connection.recv()
        except (EOFError, OSError):
            pass
        self._check_start()
        return None

    def why(self) -> str:
        """How it ended."""
        self._process.join(_ENDING)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"it ended with exit code {code}"

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.join()
        self._release()

    def dismiss(self) -> None:
        """Let it leave; `gone` has to follow."""
        self.connection.close()

    def gone(self) -> None:
        """Wait until it has left."""
        self._process.join(_PATIENCE)
        self.kill()

    def _release(self) -> None:
        self.connection.close()
        self._process.close()

    def _check_start(self) -> None:
        self._process.join(_ENDING)
        if not self.name and (self._process.exitcode or 0) > 0:
            raise EngineError(
                f"expected a worker process to start, it ended with exit code {self._process.exitcode} (what it wrote "
                "tells more); a script that calls spawn needs `if __name__ == '__main__':` around the call"
            )


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C waits: a process started in here inherits that, and does not hear it before it ignores it."""
    resource_tracker.ensure_running()  # where it is started on the way, it lets interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """End this process, whatever it is at, once the process that started it has ended, however that came."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
