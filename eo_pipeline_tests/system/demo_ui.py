"""The demo's products, a broken one beside them, behind a real `dagster dev` with one month of one product made.

What does not belong here: what its pages show.
"""

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.local_stack import Stack, local_stack
from eo_pipeline.cli.project import Project
from eo_pipeline.cli.webserver import launch_backfill
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline_tests.system.conftest import free_port

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "eo_pipeline" / "defs"
BROKEN = "broken_fields"
PRODUCTS = ("ndvi_fields", "air_temperature")
MADE, MONTH = "ndvi_fields", "2024-06"
"""The product of which one period is made, in all its areas."""


@dataclass(frozen=True)
class DemoUI:
    """What runs, and what was made.

    Attributes:
        stack: the sandbox and Dagster.
        project: with the demo's products and a broken one.
    """

    stack: Stack
    project: Project

    @property
    def areas(self) -> list[str]:
        """Keys of the areas of the product that is made."""
        return list(self.project.chain(MADE).areas)


def a_project(folder: Path) -> Project:
    """What `eo-pipeline init` makes, with the demo's products, and one whose reducer is misspelt."""
    make_project(folder)
    products = folder / "products"
    shutil.rmtree(products / "field_ndvi")
    for name in (*PRODUCTS, "regions"):
        shutil.copytree(DEMO / name, products / name)
    broken = (products / "ndvi_fields" / "defs.yaml").read_text().replace("reducer: median", "reducer: medain")
    (products / BROKEN).mkdir()
    (products / BROKEN / "defs.yaml").write_text(broken)
    return Project(folder, products)


@contextmanager
def demo_ui(folder: Path) -> Iterator[DemoUI]:
    """The UI with one month of one product made through the daemon."""
    project = a_project(folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with local_stack(project, ui_port=free_port(), speed=60, poll_seconds=2) as stack:
            for name, value in stack.variables.items():
                patch.setenv(name, value)
            found = DemoUI(stack, project)
            with dg.DagsterInstance.from_config(str(stack.home)) as instance:
                _make(found, instance)
            yield found


def _make(ui: DemoUI, instance: dg.DagsterInstance) -> None:
    chain = ui.project.chain(MADE)
    keys = [f"{area}|{MONTH}" for area in chain.areas]
    launch_backfill(ui.stack.ui, chain.key("submission").path, keys, title=f"{MADE} in {MONTH}")
    limit = time.monotonic() + 300
    while missing := _missing(chain, instance):
        if time.monotonic() > limit:
            log = (ui.project.root / ".eo/logs/dagster.log").read_text(errors="replace")
            pytest.fail(f"expected every stage within 300 s, {missing} are missing; the end of the log:\n{log[-4000:]}")
        time.sleep(1)


def _missing(chain: Chain, instance: dg.DagsterInstance) -> Mapping[str, int]:
    """Partitions that are not there yet, by stage; nothing once all are there and no run is in progress."""
    wanted = {stage: 1 if stage == "zonal_stats" else len(chain.areas) for stage in chain.stages}
    done = {stage: len(instance.get_materialized_partitions(chain.key(stage))) for stage in wanted}
    runs = instance.get_runs_count(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED]))
    missing = {stage: wanted[stage] - done[stage] for stage in wanted if done[stage] < wanted[stage]}
    return missing or ({"runs in progress": runs} if runs else {})


def screenshots(default: Path) -> Path:
    """Where pictures of the pages go: EO_SCREENSHOTS, for somebody who wants to look at them."""
    folder = Path(os.environ.get("EO_SCREENSHOTS", default))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
