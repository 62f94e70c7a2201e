"""The sandbox and Dagster, side by side on this machine, for the demo and for looking around.

What does not belong here: what is done with them.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.cli.processes import (
    child,
    end_of_log,
    free_port,
    python_module,
    unwound_by_signals,
    wait_until_it_answers,
)
from eo_pipeline.cli.project import Project
from eo_pipeline.cli.sandbox import sandbox_arguments
from eo_pipeline.errors import ServiceUnreachableError

SANDBOX_PORT = 8900
UI_PORT = 3000
BUCKET = "sandbox-bucket"


@dataclass(frozen=True)
class Service:
    """A process of the stack.

    Attributes:
        name: for messages.
        process: the process.
        log: file of its output.
    """

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path


@dataclass(frozen=True)
class Stack:
    """What runs, and where.

    Attributes:
        sandbox: of the sandbox.
        ui: of Dagster's UI.
        home: DAGSTER_HOME.
        root: folder of products' files.
        variables: environment of the pipeline.
        services: the processes.
    """

    sandbox: str
    ui: str
    home: Path
    root: Path
    variables: Mapping[str, str]
    services: tuple[Service, ...]

    def wait(self) -> None:
        """Wait until somebody interrupts.

        Raises:
            ServiceUnreachableError: a process ended by itself; with the end of its log.
        """
        while True:
            for service in self.services:
                if service.process.poll() is not None:
                    raise ServiceUnreachableError(
                        f"expected {service.name} to run, but it ended; {end_of_log(service.log)}"
                    )
            time.sleep(0.5)


@contextmanager
def local_stack(
    project: Project, *, ui_port: int = UI_PORT, speed: float = 30.0, poll_seconds: int = 5
) -> Iterator[Stack]:
    """Start both for a project; everything they make stays below its `.eo` folder.

    They end with the block, also if a signal ends it.

    Args:
        project: whose products are served.
        ui_port: preferred port of the UI.
        speed: sandbox seconds a second.
        poll_seconds: of the sensors.

    Raises:
        ServiceUnreachableError: one of them did not start; with the end of its log.
    """
    folder = project.root / ".eo"
    home, logs = folder / "dagster", folder / "logs"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(project.root / "dagster.yaml", home / "dagster.yaml")
    sandbox = f"http://127.0.0.1:{free_port(SANDBOX_PORT)}"
    ui = f"http://127.0.0.1:{free_port(ui_port)}"
    variables = _variables(sandbox, home=home, root=folder / "data", poll_seconds=poll_seconds)
    with unwound_by_signals(), ExitStack() as stack:
        port = int(sandbox.rpartition(":")[2])
        arguments = sandbox_arguments(port=port, data=folder / "sandbox", speed=speed, buckets=[BUCKET])
        service = stack.enter_context(child(arguments, log=logs / "sandbox.log", environment={}))
        wait_until_it_answers(sandbox, service, log=logs / "sandbox.log", seconds=60, what="the sandbox")
        dagster = ["dev", "-w", str(project.root / "workspace.yaml"), "--port", ui.rpartition(":")[2]]
        web = stack.enter_context(
            child(python_module("dagster", *dagster), log=logs / "dagster.log", environment=variables)
        )
        wait_until_it_answers(f"{ui}/server_info", web, log=logs / "dagster.log", seconds=180, what="Dagster's UI")
        services = (
            Service("the sandbox", service, logs / "sandbox.log"),
            Service("Dagster", web, logs / "dagster.log"),
        )
        yield Stack(sandbox, ui, home, folder / "data", variables, services)


def _variables(sandbox: str, *, home: Path, root: Path, poll_seconds: int) -> dict[str, str]:
    return {
        "DAGSTER_HOME": str(home),
        "EO_PROJECT": "sandbox-project",
        "EO_EARTH_ENGINE_URL": sandbox,
        "EO_INTERACTIVE_URL": sandbox,
        "EO_STORAGE_URL": sandbox,
        "EO_DRIVE_URL": sandbox,
        "EO_MONITORING_URL": sandbox,
        "EO_STAC_URL": f"{sandbox}/stac/v1",
        "EO_CREDENTIALS": "anonymous",
        "EO_BUCKET": BUCKET,
        "EO_ROOT": str(root),
        "EO_POLL_SECONDS": str(poll_seconds),
        "DAGSTER_BACKFILL_RETRY_DEFINITION_CHANGED_ERROR": "1",  # a backfill outlives a code server's restart
    }
