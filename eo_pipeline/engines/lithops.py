"""Functions of a cloud, or processes of this machine, through Lithops and its own configuration.

Every batch is a call of its own: one whose function's process is lost is called again; if what runs it is lost as well,
Lithops only finds that out when the time of the batch is over. The runtime has to hold this project. Batches and their
environment lie in Lithops's storage while they are worked at. What does not belong here: making runtimes, credentials
of the cloud that runs them (Lithops's configuration).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eo_pipeline.engines.calls import Call, perform
from eo_pipeline.engines.crew import Answered, Crew, Event, Expired, Lost
from eo_pipeline.errors import SettingsError

_LOCAL = "localhost"
_STORED = "lithops.jobs"
"""Where Lithops keeps what a job is made of."""

_POLL = 0.05
"""Seconds between two looks at what Lithops's own thread has heard; no request is made."""


@dataclass(frozen=True)
class Lithops:
    """What Lithops is configured for.

    Attributes:
        config: its file; empty for where Lithops looks itself (LITHOPS_CONFIG_FILE, ~/.lithops/config), and for
            processes of this machine if there is none.
    """

    config: str = ""

    @contextmanager
    def crew(self, count: int, timeout: float | None) -> Iterator[Crew]:  # noqa: ARG002  # Lithops has a queue
        """See `crew.Engine`."""
        from lithops import FunctionExecutor  # type: ignore[import-untyped]  # noqa: PLC0415  # untyped, and an extra

        executor = FunctionExecutor(config=_configuration(self.config), log_level=None)
        try:
            with executor:  # ends what still runs on this machine
                yield _Crew(executor, timeout)
        finally:
            _delete_stored(executor)


class _Crew:
    def __init__(self, executor: Any, timeout: float | None) -> None:
        self._executor = executor
        self._timeout = timeout
        self._futures: dict[int, Any] = {}

    def room(self) -> int:
        return 1

    def send(self, number: int, call: Call) -> None:
        self._futures[number] = self._executor.call_async(
            perform, {"call": call}, timeout=self._timeout, include_modules=None
        )

    def wait(self, seconds: float | None) -> Sequence[Event]:
        until = None if seconds is None else time.monotonic() + seconds
        while not (ready := [number for number, future in self._futures.items() if _heard_of(future)]):
            if until is not None and time.monotonic() > until:
                return []
            time.sleep(_POLL)
        return [self._finished(number) for number in ready]

    def end(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._futures.pop(number, None)

    def _finished(self, number: int) -> Event:
        future = self._futures.pop(number)
        hook = sys.excepthook  # Lithops puts its own there when it raises
        try:
            return Answered(number, future.result(internal_storage=self._executor.internal_storage))
        except TimeoutError:
            return Expired(number)
        except Exception as error:  # noqa: BLE001  # `perform` raises nothing: this is what became of its process
            return Lost(number, str(error))
        finally:
            sys.excepthook = hook


def _heard_of(future: Any) -> bool:
    """True once Lithops's own thread has seen that a call ended."""
    return bool(future.ready or future.success or future.done)


def _configuration(file: str) -> dict[str, Any]:
    """Lithops's configuration, with what only holds here.

    Its cleaner is left out: it is a process that would outlive the work, and deletes later what may hold secrets. On
    this machine the interpreter is this one, and not the first `python` that is found.
    """
    from lithops.config import load_config  # type: ignore[import-untyped]  # noqa: PLC0415  # untyped, and an extra

    if file and not Path(file).expanduser().is_file():
        raise SettingsError(f"engine lithops:{file}: expected Lithops's configuration there, got no file; correct it")
    config: dict[str, Any] = load_config(file or None)
    general = {**(config.get("lithops") or {}), "data_cleaner": False}
    if _LOCAL in (general.get("backend"), general.get("mode")):
        general = {"monitoring_interval": 0.2, **general}
        config[_LOCAL] = {"runtime": sys.executable, **(config.get(_LOCAL) or {})}
    return {**config, "lithops": general}


def _delete_stored(executor: Any) -> None:
    """Delete what Lithops stored: functions, batches with their environment, answers."""
    storage = executor.internal_storage.storage
    keys = storage.list_keys(storage.bucket, f"{_STORED}/{executor.executor_id}")
    if keys:
        storage.delete_objects(storage.bucket, keys)
