"""The real processes: sandbox, code server, daemon and webserver, each killed and started again by name.

Every process that descends from them carries a mark in its environment, so that none is left behind. What does not
belong here: when something is killed.
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from eo_pipeline.cli.processes import end_of_log, python_module

MARK = "EO_CHAOS"
"""Variable that marks every process of a run of chaos by its folder."""

SANDBOX, CODE_SERVER, DAEMON, WEBSERVER = "sandbox", "code server", "daemon", "webserver"
START_SECONDS = 120
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServiceDiedError(Exception):
    """A service did not start; the message has the end of its log."""


@dataclass(frozen=True)
class Program:
    """How a service is started, and how one knows that it is up.

    Attributes:
        command: its arguments.
        folder: that it is started in.
        variables: laid over this process's environment.
        ready: true once it answers.
    """

    command: Sequence[str]
    folder: Path
    variables: Mapping[str, str]
    ready: Callable[[], bool]


@dataclass
class Services:
    """What runs of a set of programs.

    Attributes:
        folder: that marks all processes; logs are in `logs`.
        programs: by name, in the order in which they start.
    """

    folder: Path
    programs: Mapping[str, Program]
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        """Start services, the first time or again, and wait until all answer."""
        for name in names:
            self._running[name] = self._started(name)
        for name in names:
            self._wait(name)

    def kill(self, name: str) -> None:
        """SIGKILL to a service and to what it needs to serve, not to the runs it has started."""
        process = self._running[name]
        own = [process.pid, *(pid for pid in children(process.pid) if not is_worker(pid))]
        for pid in own:
            kill(pid)
        process.wait(30)

    def kill_everything(self) -> None:
        """SIGKILL to every process that bears the mark, workers too, until there is none: as if the machine died."""
        kill_marked(self.folder)
        for process in self._running.values():
            process.wait(30)

    def exit_code(self, name: str) -> int | None:
        """How a service ended; None while it runs."""
        return self._running[name].poll()

    def process_id(self, name: str) -> int:
        """Of a service that was started."""
        return self._running[name].pid

    def workers(self) -> list[int]:
        """Processes that work on runs, whoever started them."""
        return [pid for pid in marked(self.folder) if is_worker(pid)]

    def log(self, name: str) -> Path:
        """File of a service's output."""
        return self.folder / "logs" / f"{name.replace(' ', '_')}.log"

    def _started(self, name: str) -> "subprocess.Popen[bytes]":
        program = self.programs[name]
        self.log(name).parent.mkdir(parents=True, exist_ok=True)
        with self.log(name).open("ab") as output:
            return subprocess.Popen(
                list(program.command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=program.folder,
                env={**os.environ, **program.variables, MARK: str(self.folder)},
                start_new_session=True,
            )

    def _wait(self, name: str) -> None:
        limit = time.monotonic() + START_SECONDS
        while not self.programs[name].ready():
            if time.monotonic() > limit or self._running[name].poll() is not None:
                raise ServiceDiedError(f"expected the {name} to start; {end_of_log(self.log(name))}")
            time.sleep(0.2)


# --- processes


def marked(folder: Path) -> list[int]:
    """Every living process that bears the mark of a folder."""
    wanted = f"{MARK}={folder}".encode()
    return [pid for pid in _pids() if wanted in _read(pid, "environ").split(b"\0")]


def kill_marked(folder: Path) -> None:
    """SIGKILL to every process that bears the mark of a folder, until there is none."""
    while left := marked(folder):
        for pid in left:
            kill(pid)
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    """Processes that a process started, and theirs."""
    own = [child for child in _pids() if _parent(child) == pid]
    return own + [grandchild for child in own for grandchild in children(child)]


def is_worker(pid: int) -> bool:
    """Whether a process works on a run: the code server spawns one for each."""
    return b"spawn_main" in _read(pid, "cmdline")


def kill(pid: int) -> bool:
    """SIGKILL; false if there was nobody."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def _read(pid: int, what: str) -> bytes:
    """A file of /proc; empty of a process that has ended, or of somebody else's."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/{what}").read_bytes()
    return b""


def _parent(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


# --- readiness


def listens(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sandbox_control(url: str, path: str, body: Mapping[str, object] | None = None, method: str | None = None) -> Any:
    """The JSON answer of a control route of the sandbox: GET without a body, POST with one."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_sandbox/{path}", data=content, method=method)  # noqa: S310 - http to our own process
    with _DIRECT.open(request, timeout=60) as response:
        return json.load(response)


# --- programs


def sandbox_program(
    *, port: int, data: Path, catalog: Path, bucket: str, settings: Mapping[str, object], speed: float
) -> Program:
    """The sandbox on a folder of data; its settings are those at every start."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / "settings.yaml"
    file.write_text(yaml.safe_dump(dict(settings)))
    arguments = ["--port", str(port), "--data", str(data), "--catalog", str(catalog), "--settings", str(file)]
    command = python_module("eo_pipeline.sandbox", *arguments, "--speed", str(speed), "--bucket", bucket)
    return Program(command, data, {}, lambda: listens(port))


def dagster_programs(
    project: Path, *, code_port: int, ui_port: int, variables: Mapping[str, str], folder: Path
) -> dict[str, Program]:
    """The services that docs/operations.md names, with its very commands."""
    workspace = folder / "workspace.server.yaml"
    location = {"host": "127.0.0.1", "port": code_port, "location_name": "project"}
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": location}]}))
    code = ["code-server", "start", "-h", "127.0.0.1", "-p", str(code_port), "-f", "definitions.py", "-d", "."]
    web = ["-h", "127.0.0.1", "-p", str(ui_port), "-w", str(workspace)]
    return {
        CODE_SERVER: Program(
            python_module("dagster", *code, "--location-name", "project"),
            project,
            variables,
            lambda: listens(code_port),
        ),
        DAEMON: Program(
            python_module("dagster._daemon", "run", "-w", str(workspace)), project, variables, lambda: True
        ),
        WEBSERVER: Program(python_module("dagster_webserver", *web), project, variables, lambda: listens(ui_port)),
    }
