"""Starts the project's own programs for tests and ends them, whatever happens to the test.

A sandbox watches its standard input: when the test process dies, even by SIGKILL, the pipe closes and it ends.
What does not belong here: fixtures, and talking to services.
"""

import json
import os
import selectors
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from eo_pipeline_tests.nursery import forked_sandbox

_READY = "sandbox ready at "
_ROOT = Path(__file__).parents[1]
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Pipe(Protocol):
    """To or from a program."""

    def fileno(self) -> int:
        """The file descriptor."""

    def close(self) -> None:
        """Close it."""


class Program(Protocol):
    """A running program, as `subprocess.Popen` tells of one; see there."""

    @property
    def args(self) -> Any: ...

    @property
    def pid(self) -> int: ...

    @property
    def stdin(self) -> Pipe | None: ...

    @property
    def stdout(self) -> Pipe | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True)
class SandboxProcess:
    """A running sandbox."""

    url: str
    """`http://127.0.0.1:PORT`."""
    data: Path
    """Its folder."""
    process: Program

    def control(self, path: str, body: Mapping[str, object] | None = None, method: str | None = None) -> Any:
        """Call a control route: GET without a body, POST with one; gives the JSON answer."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data=content, method=method)  # noqa: S310 - http to our own process
        with _DIRECT.open(request, timeout=30) as response:
            return json.load(response)

    def arm(self, **fault: object) -> None:
        """Let something go wrong: the fields of `faults.Fault`."""
        self.control("faults", fault)

    def events(self, event: str) -> list[dict[str, Any]]:
        """The journal's events of one kind, oldest first."""
        return [entry for entry in self.control("journal")["events"] if entry["event"] == event]


@contextmanager
def running_sandbox(
    data: Path,
    *,
    settings: Mapping[str, object] | None = None,
    catalog: Path | None = None,
    speed: float = 1.0,
    port: int = 0,
    faults: Sequence[str] = (),
    buckets: Sequence[str] = (),
    forked: bool = True,
) -> Iterator[SandboxProcess]:
    """A sandbox, ended on exit.

    Args:
        data: Its folder.
        settings: Other than the defaults.
        catalog: File of local rasters.
        speed: Clock seconds per second.
        port: Of an earlier sandbox that has ended, or 0 for a free one.
        faults: Armed from the start, each as `faults.parse_fault` reads it.
        buckets: Made at the start.
        forked: As `nursery` does it; else as a person would start it, which takes ten times as long.

    Raises:
        RuntimeError: It ended, or was not ready in time; the message has what it wrote.
    """
    data.mkdir(parents=True, exist_ok=True)
    arguments = ["--port", str(port), "--data", str(data), "--speed", str(speed), "--end-with-stdin"]
    arguments += [part for fault in faults for part in ("--fault", fault)]
    if settings is not None:
        (data / "settings.yaml").write_text(yaml.safe_dump(dict(settings)), encoding="utf-8")
        arguments += ["--settings", str(data / "settings.yaml")]
    if catalog is not None:
        arguments += ["--catalog", str(catalog)]
    arguments += [word for bucket in buckets for word in ("--bucket", bucket)]
    log = data / "sandbox.log"
    with _sandbox(arguments, log=log, forked=forked) as process:
        line = first_line(process, log=log, timeout_seconds=60)
        yield SandboxProcess(line.removeprefix(_READY), data, process)


@contextmanager
def _sandbox(arguments: list[str], *, log: Path, forked: bool) -> Iterator[Program]:
    """The program, ended on exit."""
    if not forked:
        with started([sys.executable, "-m", "eo_pipeline.sandbox", *arguments], log=log) as process:
            yield process
        return
    child = forked_sandbox(arguments, log=log)
    try:
        yield child
    finally:
        end(child)


@contextmanager
def started(command: list[str], *, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A program with pipes to standard input and output, its errors in a file; ended on exit."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"}
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
    try:
        yield process
    finally:
        end(process)


def end(process: Program, *, timeout_seconds: float = 15) -> int:
    """End a program: SIGTERM, and SIGKILL if that is not heeded in time; gives its exit code."""
    if process.poll() is None:
        process.terminate()
    try:
        code = process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    return code


def first_line(process: Program, *, log: Path, timeout_seconds: float) -> str:
    """The first line a program prints.

    Raises:
        RuntimeError: It ended or printed nothing in time; the message has its log.
    """
    if process.stdout is None:
        raise RuntimeError("expected a program with a pipe from its standard output; start it with `started`")
    deadline = time.monotonic() + timeout_seconds
    content = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not content.endswith(b"\n"):
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            piece = os.read(process.stdout.fileno(), 4096) if ready else b""
            if not piece:
                raise RuntimeError(f"expected a line from {process.args!r}, got {content!r}; log:\n{log.read_text()}")
            content += piece
    return content.decode().splitlines()[0]
