"""Child processes of a command: started with a log, waited for, ended with it.

What does not belong here: what they are.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from eo_pipeline.errors import ServiceUnreachableError

_STOP_SECONDS = 20
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def unwound_by_signals() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal become KeyboardInterrupt, once: what was started is ended on the way out.

    Children that are started inside heed these signals too, even if a script started this process with SIGINT ignored.
    """

    def unwind(_: int, __: FrameType | None) -> None:
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, unwind) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def child(arguments: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, whose output goes to a file; interrupted at the end, killed if that fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    process: subprocess.Popen[bytes] | None = None
    try:
        with log.open("ab") as output, _signals_held():
            process = subprocess.Popen(
                list(arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        yield process
    finally:
        if process is not None:
            stop(process)


@contextmanager
def _signals_held() -> Iterator[None]:
    """Signals that arrive inside take effect at the end: none comes between the start of a process and its name."""
    arrived: list[int] = []
    before = {number: signal.signal(number, lambda number, _: arrived.append(number)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])


def stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a process and its group; kill what is left of it."""
    for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5)):
        if not _signal(process, number):
            return
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def _signal(process: subprocess.Popen[bytes], number: int) -> bool:
    """False if there is nobody left in the group."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], *, log: Path, seconds: float, what: str) -> None:
    """Wait until an address answers any HTTP request.

    Raises:
        ServiceUnreachableError: the process ended, or did not answer in time; with the end of its log.
    """
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  # an address of our own process
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.3)
        else:
            return
    state = "ended" if process.poll() is not None else f"did not answer for {seconds:.0f} s"
    raise ServiceUnreachableError(f"expected {what} at {url}, but it {state}; {end_of_log(log)}")


def end_of_log(log: Path) -> str:
    """The last lines of a child's output, for a message."""
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    return f"the end of {log}:\n{tail}"


def why_taken(port: int) -> str:
    """The system's reason why this machine's port cannot be listened at; empty if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def free_port(preferred: int) -> int:
    """The preferred port, or another if it is taken."""
    if preferred and not why_taken(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def python_module(module: str, *arguments: str) -> list[str]:
    """The command line of a module run by this interpreter."""
    return [sys.executable, "-m", module, *arguments]
