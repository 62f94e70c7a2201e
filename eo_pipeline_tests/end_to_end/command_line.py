"""A project of a user's own at a sandbox, driven by `eo-pipeline` in this process or in one of its own.

What does not belong here: expectations.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.main import main
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT

ROOT = Path(__file__).parents[2]
COMMAND = "from eo_pipeline.cli.main import main; main()"

PRODUCT = """\
type: eo_pipeline.orchestration.EarthObservationProduct
attributes:
  source:    {collection: COPERNICUS/S2_SR_HARMONIZED, bands: [B4, B8], where: {CLOUDY_PIXEL_PERCENTAGE: {lt: 80}}}
  mask:      {scl_exclude: [0, 1, 3, 8, 9, 10, 11]}
  index:     {ndvi: {formula: (B8 - B4) / (B8 + B4), compute: per_scene}}
  composite: {reducer: median, counts: [n_obs, n_valid]}
  period:    {every: month, start: 2024-04, end: 2024-06}
  area:      {cover: regions/fields.geojson, crs: EPSG:32633, resolution: 10, tile: 256}
  output:    {ndvi: {dtype: int16, scale: 0.0001, nodata: -32768}}
  zones:     {file: regions/fields.geojson, id: field_id, statistics: [mean, count]}
  cube:      {repository: cubes/ndvi, shard: 256}
"""
"""Three areas in two months; line n of this text is line n of its file."""


@dataclass(frozen=True)
class UserProject:
    """A folder that `eo-pipeline init` made, with PRODUCT as its product `field_ndvi`.

    Attributes:
        folder: of the project; DAGSTER_HOME too.
        url: of the sandbox.
    """

    folder: Path
    url: str

    @property
    def file(self) -> Path:
        """The product's declaration."""
        return self.folder / "products" / "field_ndvi" / "defs.yaml"

    def declare(self, old: str = "", new: str = "") -> None:
        """Write the product, with one part of its text replaced."""
        if old not in PRODUCT:
            raise ValueError(f"expected a part of the product's text, got {old!r}")
        self.file.write_text(PRODUCT.replace(old, new) if old else PRODUCT)

    @property
    def environment(self) -> dict[str, str]:
        """Settings that work."""
        return {
            "DAGSTER_HOME": str(self.folder),
            "EO_PROJECT": PROJECT,
            "EO_EARTH_ENGINE_URL": self.url,
            "EO_STORAGE_URL": self.url,
            "EO_CREDENTIALS": "anonymous",
            "EO_BUCKET": BUCKET,
            "EO_ROOT": str(self.folder / "data"),
            "EO_POLL_SECONDS": "1",
        }

    def invoke(self, *arguments: str, **environment: str) -> Result:
        """The command in this process, which must be in the project's folder."""
        runner = CliRunner(env={**self.environment, **environment})
        return runner.invoke(main, arguments, prog_name="eo-pipeline")

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command in a process of its own, as from a terminal that is 100 columns wide."""
        plain: Mapping[str, str] = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "COLUMNS": "100"}
        return subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=self.folder,
            env={**plain, "PYTHONPATH": str(ROOT), **self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    def failure_in_dagster(self) -> str:
        """What Dagster shows as the description of the newest run's failed step."""
        with dg.DagsterInstance.from_config(str(self.folder)) as instance:
            [run] = instance.get_runs(limit=1)
            [entry] = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        assert entry.dagster_event is not None
        said = entry.dagster_event.step_failure_data.user_failure_data
        assert said is not None
        return str(said.description)


@contextmanager
def inside_project(folder: Path, url: str, patch: pytest.MonkeyPatch) -> Iterator[UserProject]:
    """A project that `eo-pipeline init` just made, with this process in its folder, for `UserProject.invoke`."""
    made = UserProject(folder, url)
    make_project(made.folder)
    patch.chdir(made.folder)
    patch.setattr(sys, "path", list(sys.path))
    patch.delitem(sys.modules, "products", raising=False)
    for name, value in made.environment.items():
        patch.setenv(name, value)
    yield made
    sys.modules.pop("products", None)
