"""A backfill through the real webserver, daemon and code server, while daemon, worker and replies are lost."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
import yaml

from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.project import Project
from eo_pipeline.cli.webserver import launch_backfill
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.end_to_end.heights import heights, last_states, submissions, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import make_bucket
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.system.dagster_stack import DagsterStack, dagster_stack, environment, worker_pid

pytestmark = [pytest.mark.system, pytest.mark.timeout(420)]

MONTHS = [f"2024-{month:02d}" for month in range(1, 9)]
WITHOUT_IMAGES = "2024-06"
PRODUCTS = ("summits", "valleys")
SUBMITTING = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])


@dataclass(frozen=True)
class Place:
    """Everything under test."""

    project: Project
    sandbox: SandboxProcess
    stack: DagsterStack
    instance: dg.DagsterInstance

    def chain(self, name: str) -> Chain:
        return self.project.chain(name)

    def backfill(self, name: str) -> None:
        """Ask the webserver for every partition's submission."""
        keys = [f"whole|{month}" for month in MONTHS]
        launch_backfill(self.stack.ui, self.chain(name).key("submission").path, keys, title=name)

    def is_complete(self) -> bool:
        return all(product_status(self.instance, self.chain(name)).is_complete for name in PRODUCTS)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    project = a_project(tmp_path / "project")
    for number, month in enumerate(MONTHS):
        if month != WITHOUT_IMAGES:
            write_month(project.root, month, seed=number)
    catalog = write_catalog(project.root)
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(project.root / "dagster.yaml", home / "dagster.yaml")
    slow = {"running_seconds": 20.0}
    with running_sandbox(tmp_path / "sandbox", catalog=catalog, speed=10, settings=slow) as sandbox:
        make_bucket(sandbox.url)
        variables = environment(sandbox.url, home=home, root=tmp_path / "data", poll_seconds=2)
        with (
            dagster_stack(project.root / "definitions.py", variables=variables, folder=tmp_path) as stack,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setenv("DAGSTER_HOME", str(home))
            with dg.DagsterInstance.from_config(str(home)) as instance:
                yield Place(project, sandbox, stack, instance)


def a_project(folder: Path) -> Project:
    """What `eo-pipeline init` makes, with two products of our own."""
    make_project(folder)
    shutil.rmtree(folder / "products" / "field_ndvi")
    for name in PRODUCTS:
        declared = heights(name) | {"period": {"every": "month", "start": "2024-01", "end": "2024-09"}}
        component = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": declared}
        file = folder / "products" / name / "defs.yaml"
        file.parent.mkdir()
        file.write_text(yaml.safe_dump(component))
    return Project(folder, folder / "products")


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float, stack: DagsterStack) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            tail = "\n".join((stack.logs / "daemon.log").read_text(errors="replace").splitlines()[-40:])
            pytest.fail(f"expected {what} within {seconds:.0f} s; the end of the daemon's log:\n{tail}")
        time.sleep(0.5)


def test_a_backfill_outlives_daemon_worker_and_lost_replies(place: Place) -> None:
    export = r"image:export$"
    place.sandbox.arm(kind="lost_reply", path=export, after=2)
    place.sandbox.arm(kind="slow_reply", path=export, after=4, seconds=60)
    place.backfill(PRODUCTS[0])
    kill_the_worker_that_waits_for_a_reply(place)
    place.backfill(PRODUCTS[1])
    kill_the_daemon_in_the_middle(place)
    place.stack.start_daemon()
    wait_for(place.is_complete, "every partition of every stage", seconds=240, stack=place.stack)

    sent = submissions(place.sandbox)
    assert len(sent) == len(PRODUCTS) * (len(MONTHS) - 1)
    assert len(set(sent.values())) == len(sent)
    assert all(request.endswith("-g1") for request in sent.values())
    assert set(last_states(place.sandbox).values()) == {"SUCCEEDED"}
    assert {fault["kind"] for fault in place.sandbox.events("fault")} == {"lost_reply", "slow_reply"}
    assert_status_is_0(place)


def kill_the_worker_that_waits_for_a_reply(place: Place) -> None:
    """The operation exists, its reply is held back, nothing is recorded: SIGKILL."""

    def held_back() -> bool:
        return "slow_reply" in {fault["kind"] for fault in place.sandbox.events("fault")}

    wait_for(held_back, "a reply held back", seconds=90, stack=place.stack)
    [run] = place.instance.get_runs(SUBMITTING)
    pid = worker_pid(place.instance, run.run_id)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def kill_the_daemon_in_the_middle(place: Place) -> None:
    """While runs are in progress, operations wait, and some are done."""

    def in_the_middle() -> bool:
        states = list(last_states(place.sandbox).values())
        exported = place.instance.get_materialized_partitions(place.chain(PRODUCTS[0]).key("export"))
        return bool(place.instance.get_runs(SUBMITTING)) and "PENDING" in states and len(exported) >= 2

    wait_for(in_the_middle, "runs in progress and operations pending", seconds=120, stack=place.stack)
    place.stack.kill_daemon()


def assert_status_is_0(place: Place) -> None:
    command = [sys.executable, "-c", "from eo_pipeline.cli.main import main; main()", "status"]
    answer = subprocess.run(
        command,
        cwd=place.project.root,
        env={**os.environ, **place.stack.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    for name in PRODUCTS:
        assert f"{name} is complete." in answer.stdout
