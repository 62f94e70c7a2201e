"""The sandbox with a fast clock, Dagster's processes, and one backfill of everything: what the scale test shows.

What does not belong here: printing, and what counts as good.
"""

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from eo_pipeline.cli.project import Project
from eo_pipeline.cli.webserver import launch_backfill
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline_tests.end_to_end.pipeline import BUCKET
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.scale.fields import NAME, Extent, make_fields, write_days
from eo_pipeline_tests.system.dagster_stack import DagsterStack, dagster_stack, environment

_SPEED = 60.0
_SETTINGS = {"running_at_once": 20, "pending_seconds": 60.0}


@dataclass(frozen=True)
class Place:
    """Everything under test."""

    project: Project
    sandbox: SandboxProcess
    stack: DagsterStack
    instance: dg.DagsterInstance

    @property
    def chain(self) -> Chain:
        """Of the one product."""
        return self.project.chain(NAME)

    def submit_all(self) -> None:
        """Ask the webserver for one backfill of every partition's submission."""
        keys = list(self.chain.by_area_and_period.get_partition_keys())
        launch_backfill(self.stack.ui, self.chain.key("submission").path, keys, title="all")

    def counts(self) -> Mapping[str, int]:
        """Partitions that are there, by stage."""
        stages = ("submission", "export", "tiles", "mosaic")
        return {stage: len(ledger.newest_places(self.instance, self.chain.key(stage))) for stage in stages}

    def wait(self, stage: str, *, seconds: float) -> bool:
        """Wait until every partition of a stage is there; False if the time is over."""
        wanted = len(self.chain.by_area_and_period.get_partition_keys())
        limit = time.monotonic() + seconds
        while (there := self.counts()[stage]) < wanted and time.monotonic() < limit:
            time.sleep(2)
        return there == wanted

    def started(self) -> list[str]:
        """Partition of every operation that ever was, in the order of its submission; by the sandbox's journal."""
        started = dict.fromkeys(event["name"] for event in self._journal() if event["event"] == "operation")
        stamps = ledger.stamps(self.instance, self.chain.key("submission"))
        partition = {str(stamp.values[names.OPERATION]): text for text, stamp in stamps.items()}
        return [partition.get(name, "") for name in started]

    def _journal(self) -> Iterator[dict[str, Any]]:
        with (self.sandbox.data / "journal.jsonl").open() as lines:
            yield from map(json.loads, lines)


@contextmanager
def running(folder: Path, extent: Extent, *, poll_seconds: int) -> Iterator[Place]:
    """A new project with a sandbox and Dagster of its own, below a folder."""
    project = make_fields(folder / "project", extent)
    catalog = write_days(folder / "rasters", extent)
    home = folder / "home"
    home.mkdir()
    shutil.copyfile(project.root / "dagster.yaml", home / "dagster.yaml")
    with (
        running_sandbox(
            folder / "sandbox", catalog=catalog, speed=_SPEED, settings=_SETTINGS, buckets=[BUCKET]
        ) as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        variables = environment(sandbox.url, home=home, root=folder / "data", poll_seconds=poll_seconds)
        with dagster_stack(project.root / "definitions.py", variables=variables, folder=folder) as stack:
            patch.setenv("DAGSTER_HOME", str(home))
            with dg.DagsterInstance.from_config(str(home)) as instance:
                yield Place(project, sandbox, stack, instance)
