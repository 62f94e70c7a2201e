"""One batch on its way to a worker and back, the same on every engine.

The function and its batch are unpickled only once the environment holds: modules they need find it when they are
imported. What a function raises travels back as a value. What does not belong here: how bytes reach a worker.
"""

import os
import pickle
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eo_pipeline.engines.environment import Environment
from eo_pipeline.errors import EngineError

_NOT_PICKLED = (pickle.PicklingError, TypeError, AttributeError)
"""What pickle raises for a lambda, an open file, a lock."""


@dataclass(frozen=True)
class Call:
    """What a worker is given.

    Attributes:
        environment: set while it works.
        work: pickled (function, batch); not shown, since a batch may hold secrets, too.
    """

    environment: Environment
    work: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What a worker gives back.

    Attributes:
        worker: host and process.
        start: when it began, seconds since 1970 by the worker's clock.
        end: when it ended, by the same clock.
        failed: True if the function raised.
        value: pickled result, or pickled exception.
    """

    worker: str
    start: float
    end: float
    failed: bool
    value: bytes = field(repr=False)

    def unpickled(self) -> Any:
        """The result or the exception."""
        return pickle.loads(self.value)  # noqa: S301  # from our own worker


def packed(function: Callable[[Any], Any], batch: object, environment: Environment) -> Call:
    """A call that can travel.

    Raises:
        EngineError: the function or the batch does not pickle.
    """
    plain = Environment(dict(environment.variables), dict(environment.secrets))
    try:
        return Call(plain, pickle.dumps((function, batch)))
    except _NOT_PICKLED as error:
        raise EngineError(
            f"expected a function at the top of a module and a batch of plain values, got {function!r} with a "
            f"{type(batch).__name__} that pickle refuses ({error}); move the function there, or pass what it needs"
        ) from error


def perform(call: Call) -> Answer:
    """Do the work; what a worker of any engine runs."""
    start = time.time()
    with call.environment.applied():
        try:
            function, batch = pickle.loads(call.work)  # noqa: S301  # from the process that started this worker
            failed, value = False, pickle.dumps(function(batch))
        except Exception as error:  # noqa: BLE001  # whatever a function raises is its batch's answer
            failed, value = True, _pickled(error, call.environment)
    return Answer(worker_name(), start, time.time(), failed, value)


def worker_name() -> str:
    """Host and process id, for a person."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _pickled(error: Exception, environment: Environment) -> bytes:
    """An error with its traceback as a note; as an EngineError if it holds a secret or does not travel."""
    trace = environment.scrubbed("".join(traceback.format_exception(error)))
    text = environment.scrubbed(str(error))
    if text == str(error):
        error.add_note(f"in {worker_name()}:\n{trace}")
        try:
            value = pickle.dumps(error)
            pickle.loads(value)  # noqa: S301  # of this process
        except Exception:  # noqa: BLE001, S110  # a class of any library may refuse, with any error
            pass
        else:
            return value
    told = EngineError(f"{type(error).__name__}: {text}")
    told.add_note(f"in {worker_name()}:\n{trace}")
    return pickle.dumps(told)
