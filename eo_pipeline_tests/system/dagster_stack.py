"""Dagster as production runs it: webserver, daemon and code server as processes of their own.

Under `dagster dev` a dead daemon takes the rest along. What does not belong here: what they run.
"""

import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import dagster as dg
import yaml

from eo_pipeline.cli.processes import child, python_module, wait_until_it_answers
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT
from eo_pipeline_tests.system.conftest import free_port

ROOT = Path(__file__).parents[2]
_PID = re.compile(r"Executing steps in process \(pid: (\d+)\)|Started process for run \(pid: (\d+)\)")


def environment(url: str, *, home: Path, root: Path, poll_seconds: int) -> dict[str, str]:
    """Settings of a deployment at a sandbox, which serves Earth Engine and Cloud Storage at one address."""
    return {
        "DAGSTER_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "EO_PROJECT": PROJECT,
        "EO_EARTH_ENGINE_URL": url,
        "EO_STORAGE_URL": url,
        "EO_CREDENTIALS": "anonymous",
        "EO_BUCKET": BUCKET,
        "EO_ROOT": str(root),
        "EO_POLL_SECONDS": str(poll_seconds),
    }


@dataclass
class DagsterStack:
    """What runs.

    Attributes:
        ui: address of the webserver.
        logs: folder.
        variables: environment of all processes.
        workspace: file that names the code server.
        processes: by name: code server, webserver, and the daemon that was started last.
    """

    ui: str
    logs: Path
    variables: Mapping[str, str]
    workspace: Path
    processes: "dict[str, Popen[bytes]]"
    _daemons: ExitStack = field(default_factory=ExitStack)
    _daemon: "Popen[bytes] | None" = None

    def start_daemon(self) -> None:
        """Start the daemon, the first time or again."""
        command = python_module("dagster._daemon", "run", "-w", str(self.workspace))
        self._daemon = self._daemons.enter_context(
            child(command, log=self.logs / "daemon.log", environment=self.variables)
        )
        self.processes["daemon"] = self._daemon

    def kill_daemon(self) -> None:
        """SIGKILL: nothing is put in order."""
        assert self._daemon is not None
        self._daemon.kill()
        self._daemon.wait(10)

    def close(self) -> None:
        """End whatever daemon runs."""
        self._daemons.close()


@contextmanager
def dagster_stack(definitions: Path, *, variables: Mapping[str, str], folder: Path) -> Iterator[DagsterStack]:
    """Webserver, daemon and code server of a project's `definitions.py`; DAGSTER_HOME is in the variables."""
    code_port, ui_port = free_port(), free_port()
    workspace = folder / "workspace.yaml"
    location = {"host": "127.0.0.1", "port": code_port, "location_name": "project"}
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": location}]}))
    ui, logs = f"http://127.0.0.1:{ui_port}", folder / "logs"
    code = ["api", "grpc", "-f", str(definitions), "-d", str(definitions.parent), "-p", str(code_port)]
    with ExitStack() as stack:
        command = python_module("dagster", *code, "-h", "127.0.0.1", "--inject-env-vars-from-instance")
        server = stack.enter_context(child(command, log=logs / "code.log", environment=variables))
        _wait_until_it_listens(code_port, server, log=logs / "code.log")
        command = python_module("dagster_webserver", "-w", str(workspace), "-p", str(ui_port))
        process = stack.enter_context(child(command, log=logs / "webserver.log", environment=variables))
        wait_until_it_answers(
            f"{ui}/server_info", process, log=logs / "webserver.log", seconds=120, what="Dagster's webserver"
        )
        found = DagsterStack(ui, logs, variables, workspace, {"code server": server, "webserver": process})
        stack.callback(found.close)
        found.start_daemon()
        yield found


def _wait_until_it_listens(port: int, process: "Popen[bytes]", *, log: Path) -> None:
    """Wait until a code server has loaded its code and listens.

    Raises:
        RuntimeError: it ended, or did not listen within two minutes.
    """
    limit = time.monotonic() + 120
    while time.monotonic() < limit and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.3)
    raise RuntimeError(f"expected a code server at port {port}, got none; its log:\n{log.read_text()}")


def worker_pid(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """The process that works on a run, or None if it did not start yet."""
    for entry in instance.all_logs(run_id):
        if match := _PID.search(entry.message or entry.user_message):
            return int(match[1] or match[2])
    return None
