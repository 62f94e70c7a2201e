"""Credentials and settings of libraries as values that travel with the work and hold while it is done.

The only thing of a worker's process that this floor changes. What does not belong here: which settings are good ones.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

HIDDEN = "***"
_SHORT = 6
"""Secrets of fewer characters are not looked for in texts: they would be found in ordinary words."""


@dataclass(frozen=True)
class Environment:
    """Variables that a batch's function finds in `os.environ`, in all its threads.

    GDAL reads its options from there, too (`GDAL_DISABLE_READDIR_ON_OPEN`, `VSI_CACHE`, `AWS_*`).

    Attributes:
        variables: may be shown.
        secrets: never shown: neither in a repr nor in the errors that come back.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Set the variables, and put back afterwards what was there.

        Threads that ask for the same environment share it. One that asks for another waits until they are done:
        a process has one environment only.
        """
        _process.take(self)
        try:
            yield
        finally:
            _process.release()

    def scrubbed(self, text: str) -> str:
        """A text without the secrets."""
        for secret in self.secrets.values():
            if len(secret) >= _SHORT:
                text = text.replace(secret, HIDDEN)
        return text


class _Process:
    """The environment of this process, and how many threads hold it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held: Environment | None = None
        self._holders = 0
        self._before: dict[str, str | None] = {}

    def take(self, environment: Environment) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._held is None or self._held == environment)
            if self._held is None:
                wanted = {**environment.variables, **environment.secrets}
                self._before = {name: os.environ.get(name) for name in wanted}
                os.environ.update(wanted)
                self._held = environment
            self._holders += 1

    def release(self) -> None:
        with self._changed:
            self._holders -= 1
            if self._holders:
                return
            for name, value in self._before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            self._held = None
            self._changed.notify_all()


_process = _Process()
