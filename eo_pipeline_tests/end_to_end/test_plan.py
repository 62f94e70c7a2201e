"""Plans on a sandbox: within 25 % of what the rest really takes, after ten partitions; and the command around them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import geopandas
import pytest
import shapely
import yaml

from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.estimates.plans import Project, make_plan, outcome_of
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.run import run_partitions
from eo_pipeline_tests.end_to_end.command_line import UserProject, inside_project
from eo_pipeline_tests.end_to_end.heights import CRS, LEFT, TOP, heights, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT, pipeline
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

MONTHS = [f"2024-{month:02d}" for month in range(1, 8)]
SIDES = {"hamlet": 80, "town": 190}
"""Pixels a side of each area."""

CHARGED = 300.0
"""EECU-seconds for a million pixels of one band, on this sandbox."""


@dataclass(frozen=True)
class Prepared:
    """A sandbox with monthly rasters, and the file of areas."""

    folder: Path
    sandbox: SandboxProcess


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    folder = tmp_path_factory.mktemp("plan")
    for seed, month in enumerate(MONTHS):
        write_month(folder, month, seed=seed)
    catalog = write_catalog(folder)
    settings = {"eecu_seconds_per_megapixel": CHARGED}
    with running_sandbox(
        folder / "sandbox", settings=settings, catalog=catalog, speed=100, buckets=[BUCKET]
    ) as sandbox:
        yield Prepared(folder, sandbox)


def declaration(name: str, folder: Path) -> dict[str, Any]:
    """The heights of two squares of different size in seven months; no zones, no cube."""
    squares = [shapely.box(LEFT, TOP - 10 * side, LEFT + 10 * side, TOP) for side in SIDES.values()]
    geopandas.GeoDataFrame({"place": list(SIDES)}, geometry=squares, crs=CRS).to_file(folder / "places.geojson")
    area = {"features": "places.geojson", "id": "place", "crs": CRS, "resolution": 10}
    period = {"every": "month", "start": MONTHS[0], "end": "2024-08"}
    declared = heights(name, area=area, period=period)
    return {field: value for field, value in declared.items() if field not in ("zones", "cube")}


def test_the_rest_takes_what_was_estimated_after_ten_partitions(prepared: Prepared, tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        declared = declaration("places", prepared.folder)
        found = pipeline(
            declared, url=prepared.sandbox.url, root=tmp_path / "d", instance=instance, folder=prepared.folder
        )
        settings = Settings(project=PROJECT, earth_engine_url=prepared.sandbox.url, root=str(tmp_path / "d"))
        project = Project(instance, found.chain, (), settings)
        every = [PartitionKey(area, month) for month in MONTHS for area in found.chain.areas]

        run(found, every[:10])
        plan = make_plan(project, every, now=datetime.now(UTC))
        assert (plan.wanted.there, plan.wanted.exports, plan.basis.records) == (10, 4, 10)
        run(found, every)
        outcome = outcome_of(project, plan)

    assert outcome.finished == 4
    assert outcome.eecu_seconds.actual == pytest.approx(CHARGED * 2 * (80**2 + 190**2) / 1e6, rel=0.01)
    for compared in (outcome.eecu_seconds, outcome.bytes):
        assert compared.error is not None
        assert abs(compared.error) < 0.25
        assert compared.inside
    assert outcome.inside >= 3
    on_disk = sum(file.stat().st_size for file in (tmp_path / "d").rglob("*.tif"))
    assert plan.disk is not None
    assert on_disk < 14 / 4 * plan.disk.high


def run(found: Any, wanted: list[PartitionKey]) -> None:
    report = run_partitions(found.definitions, found.chain, wanted, instance=found.instance, poll_seconds=0.1)
    assert report.failed == {}


@pytest.fixture
def user(prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UserProject]:
    """A project of a user's own whose product is the heights."""
    with inside_project(tmp_path / "mine", prepared.sandbox.url, monkeypatch) as made:
        attributes = declaration("field_ndvi", made.folder)
        del attributes["name"]
        document = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": attributes}
        made.file.write_text(yaml.safe_dump(document))
        yield made


def test_the_command_says_what_is_known_then_samples_then_compares(user: UserProject) -> None:
    first = user.invoke("plan", "field_ndvi", COLUMNS="120")
    assert first.exit_code == 0, first.output
    assert "field_ndvi: 14 partitions, 14 to export." in first.output
    assert "EECU-hours and time are unknown until something has been exported: --sample 5" in first.output
    pixels = 7 * sum(side**2 for side in SIDES.values())
    assert f"{pixels:,}" in first.output

    sampled = user.invoke("plan", "field_ndvi", "--partitions", "2024-01..2024-02", "--sample", "2", "--json")
    assert sampled.exit_code == 0, sampled.output
    assert "About to export 2 partitions for real, which is charged: " in sampled.stderr
    plan = json.loads(sampled.stdout)
    assert plan["wanted"] == {"partitions": 4, "there": 2, "under_way": 0, "no_images": 0, "interactive": 0}
    assert plan["basis"]["records"] == 2
    assert len(plan["exports"]) == 2
    assert plan["eecu_seconds"][0] < plan["eecu_seconds"][1] < plan["eecu_seconds"][2]
    assert plan["dollars"]["compute"] is not None

    past = user.invoke("plan", "field_ndvi", "--past", COLUMNS="120")
    assert past.exit_code == 0, past.output
    assert "2 of 14" in past.output
    assert "0 of 2" in past.output
    [one, two] = json.loads(user.invoke("plan", "field_ndvi", "--past", "--json").stdout)
    assert (one["exports"], one["finished"], two["exports"], two["finished"]) == (14, 2, 2, 0)
    assert one["eecu_seconds"]["predicted"] is None
    assert len(list((user.folder / "data" / "field_ndvi" / "plans").glob("*.json"))) == 2
