"""Sandboxes forked from one process that has imported the program already: a start takes a tenth of a second.

The first start of a test process makes that process, by the standard library's fork server; it ends with the test
process. What a forked sandbox runs is the program's own `main`, with pipes and a log in place of those that a shell
gives. What does not belong here: waiting until it is ready, ending it (`processes`).
"""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import TimeoutExpired

_PROGRAM = "eo_pipeline.sandbox.__main__"
_NURSERY = get_context("forkserver")
_NURSERY.set_forkserver_preload([_PROGRAM, "eo_pipeline_tests.warm_sandbox"])

type Pipe = Connection[bytes, bytes]


@dataclass(frozen=True)
class Forked:
    """A running sandbox, with those parts of `subprocess.Popen` that tests use.

    Attributes:
        args: of the program.
        stdin: to its standard input; it ends when this closes.
        stdout: from its standard output.
    """

    args: Sequence[str]
    stdin: Pipe
    stdout: Pipe
    _process: BaseProcess

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid or 0

    def poll(self) -> int | None:
        """Its exit code, negative if a signal ended it; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended.

        Raises:
            TimeoutExpired: it runs still.
        """
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise TimeoutExpired(list(self.args), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def forked_sandbox(arguments: Sequence[str], *, log: Path) -> Forked:
    """Start a sandbox; its errors go to the end of a file."""
    its_stdin, our_stdin = _NURSERY.Pipe(duplex=False)
    our_stdout, its_stdout = _NURSERY.Pipe(duplex=False)
    process = _NURSERY.Process(target=_serve, args=(arguments, its_stdin, its_stdout, log), daemon=True)
    process.start()
    its_stdin.close()
    its_stdout.close()
    return Forked(arguments, our_stdin, our_stdout, process)


def _serve(arguments: Sequence[str], stdin: Pipe, stdout: Pipe, log: Path) -> None:
    """What the forked process does."""
    with log.open("ab") as errors:
        for source, target in ((stdin, 0), (stdout, 1), (errors, 2)):
            os.dup2(source.fileno(), target)
    stdin.close()
    stdout.close()
    sys.stdin = open(0, closefd=False, encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    sys.argv = ["python -m eo_pipeline.sandbox", *arguments]
    import_module(_PROGRAM).main()
