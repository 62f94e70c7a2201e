"""The table of compute of a product that ran on a sandbox, against what the sandbox itself lists."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
import requests
import yaml
from click.testing import CliRunner

from eo_pipeline.cli.main import main
from eo_pipeline.core.compute.budget import Allowance, Allowed, HeldBack, decide_budget
from eo_pipeline.core.compute.usage import Metered, month_of
from eo_pipeline.earth_engine.metering import meter
from eo_pipeline.earth_engine.operations import list_operations
from eo_pipeline.earth_engine.session import connect
from eo_pipeline.orchestration.compute.usage_schedule import build_usage_schedule
from eo_pipeline.steps.open_account import open_account
from eo_pipeline.storage.places import open_place
from eo_pipeline_tests.end_to_end.heights import heights, write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import PROJECT, Pipeline, make_bucket, pipeline, resources
from eo_pipeline_tests.end_to_end.place import Place
from eo_pipeline_tests.processes import running_sandbox

MONTHS = ("2024-01", "2024-02")
COSTS = {"eecu_seconds_per_request": 0.5, "eecu_seconds_per_megapixel": 1000.0}
HOUR = 3600.0


@dataclass(frozen=True)
class Ran:
    """A place whose product ran for two months, with the product."""

    place: Place
    product: Pipeline

    def brought_up_to_date(self, instance: dg.DagsterInstance | None = None) -> dict[str, Any]:
        """Materialise the asset as a run; gives its metadata's values."""
        job = self.product.definitions.resolve_implicit_global_asset_job_def()
        key = dg.AssetKey("compute_usage")
        result = job.execute_in_process(instance=instance or self.place.instance, asset_selection=[key])
        [event] = result.get_asset_materialization_events()
        return {name: entry.value for name, entry in event.materialization.metadata.items()}

    def table(self, ending: str = "parquet") -> pd.DataFrame:
        path = self.product.root / "usage" / f"eecu.{ending}"
        return pd.read_parquet(path) if ending == "parquet" else pd.read_csv(path)

    def listed(self) -> dict[str, float]:
        """`batchEecuUsageSeconds` of every operation, by its name, from the service's own JSON."""
        url = f"{self.place.sandbox.url}/v1/projects/{PROJECT}/operations"
        found = requests.get(url, timeout=30).json()["operations"]
        return {one["name"]: float(one["metadata"]["batchEecuUsageSeconds"]) for one in found}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("usage")
    for number, month in enumerate(MONTHS):
        write_month(folder, month, seed=number)
    catalog, home = write_catalog(folder), folder / "dagster"
    home.mkdir()
    with (
        running_sandbox(folder / "sandbox", settings=COSTS, catalog=catalog, speed=20) as sandbox,
        dg.DagsterInstance.local_temp(str(home)) as instance,
    ):
        make_bucket(sandbox.url)
        place = Place(folder, sandbox, instance)
        plain = {name: part for name, part in heights("heights_").items() if name not in {"zones", "cube"}}
        product = pipeline(plain, url=sandbox.url, root=folder / "data", instance=instance, folder=folder)
        assert product.run(MONTHS).failed == {}
        yield Ran(place, product)


@pytest.fixture
def project(ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The product in a project of its own, the working directory; its environment is the place's."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.dg]\ndirectory_type = "project"\n[tool.dg.project]\nroot_module = "mine"\ndefs_module = "products"\n'
    )
    declaration = {"attributes": ran.product.chain.product.model_dump(mode="json", by_alias=True, exclude_unset=True)}
    declaration["attributes"]["budget"] = {"eecu_hours_a_month": 2}
    (tmp_path / "products" / "heights_").mkdir(parents=True)
    (tmp_path / "products" / "heights_" / "defs.yaml").write_text(
        yaml.safe_dump({"type": "eo_pipeline.orchestration.EarthObservationProduct", **declaration})
    )
    url = ran.place.sandbox.url
    variables = {
        "DAGSTER_HOME": str(ran.place.folder / "dagster"),
        "EO_PROJECT": PROJECT,
        "EO_EARTH_ENGINE_URL": url,
        "EO_CREDENTIALS": "anonymous",
        "EO_ROOT": str(ran.product.root),
        "EO_COMPUTE_TIER": "community",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("project")
def test_the_command_tells_the_month(ran: Ran) -> None:
    """Before the table is made, too: what the event log has is read, and nothing is written."""
    (ran.product.root / "usage" / "eecu.parquet").unlink(missing_ok=True)
    done = CliRunner().invoke(main, ["budget", "--json"], prog_name="eo-pipeline")
    assert done.exit_code == 0, done.output
    assert not (ran.product.root / "usage" / "eecu.parquet").exists()
    found = json.loads(done.stdout)
    batch_hours = sum(ran.listed().values()) / HOUR
    product = found["products"]["heights_"]
    assert (found["month"], found["allowance"], found["unmetered"]) == (month_of(datetime.now(UTC)), 150, None)
    assert product["exports"] == {"succeeded": len(MONTHS)}
    assert product["batch"] == pytest.approx(batch_hours)
    assert product["interactive"] > 0
    assert product["used"] == pytest.approx(batch_hours + product["interactive"])
    assert product["share"] == pytest.approx(product["used"] / 2)
    assert product["queue"] == {"sent": 0, "held": {}}
    assert product["projected"] == pytest.approx(product["used"])
    assert found["used"] >= product["used"]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--month", "November"], "expected a month such as 2026-11, got 'November'; correct it"),
        (["--product", "nothing"], "got 'nothing'; there are heights_"),
    ],
)
def test_the_command_names_what_is_wrong(arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(main, ["budget", *arguments], prog_name="eo-pipeline")
    assert done.exit_code == 1
    assert message in done.output


@pytest.mark.usefixtures("project")
def test_the_command_for_people() -> None:
    done = CliRunner().invoke(main, ["budget", "--product", "heights_"], prog_name="eo-pipeline")
    assert done.exit_code == 0, done.output
    assert f"{month_of(datetime.now(UTC))} (UTC): the project used " in done.output
    assert "EECU-hours of 150 (" in done.output
    assert "unmetered" not in done.output


def batch(table: pd.DataFrame) -> dict[str, float]:
    rows = table[table["route"] == "batch"]
    return dict(zip(rows["operation"], rows["eecu_seconds"], strict=True))


def test_the_table_has_every_operation_with_the_compute_that_the_service_lists(ran: Ran) -> None:
    shown = ran.brought_up_to_date()
    listed = ran.listed()
    assert len(listed) == len(MONTHS)
    assert all(seconds > 0 for seconds in listed.values())
    assert batch(ran.table()) == pytest.approx(listed)
    assert batch(ran.table("csv")) == pytest.approx(listed)
    rows = ran.table()[ran.table()["route"] == "batch"]
    assert set(rows["partition"]) == {f"whole|{month}" for month in MONTHS}
    assert set(rows["state"]) == {"succeeded"}
    assert set(rows["service"]) == {f"{ran.place.sandbox.url} {PROJECT}"}
    assert shown["dagster/row_count"] == len(ran.table())
    asked = ran.table()[ran.table()["operation"].str.startswith("run:")]
    assert asked["requests"].sum() >= len(MONTHS)
    assert asked["eecu_seconds"].isna().all()
    assert shown["metered"] == "by Cloud Monitoring"
    assert shown["allowed"] == "no limit is known: set EO_COMPUTE_TIER"
    [record] = shown["by product and month"].records
    assert record.data["exports"] == len(MONTHS)
    assert record.data["EECU-hours of exports"] == pytest.approx(sum(listed.values()) / HOUR, abs=1e-4)


def test_what_was_metered_agrees(ran: Ran) -> None:
    """The product's name ends in an underscore, its workload tag does not."""
    ran.brought_up_to_date()
    settings = resources(ran.place.sandbox.url, ran.place.folder)["earth_engine"].settings()
    metered = meter(settings, month_of(datetime.now(UTC)))
    assert isinstance(metered, Metered)
    assert metered.eecu_seconds["heights", "batch"] == pytest.approx(sum(ran.listed().values()))
    table = ran.table()
    interactive = table[table["operation"].str.startswith("metered:")]
    assert interactive["eecu_seconds"].sum() == pytest.approx(metered.eecu_seconds["heights", "online"])
    assert interactive["eecu_seconds"].sum() > 0
    assert ("heights_", "online") not in metered.eecu_seconds


def test_a_project_that_may_not_be_metered_keeps_its_table_and_says_so(ran: Ran) -> None:
    ran.brought_up_to_date()
    before = ran.table()
    ran.place.sandbox.control("settings", {"denied_permissions": [f"{PROJECT}:monitoring.timeSeries.list"]})
    try:
        shown = ran.brought_up_to_date()
    finally:
        ran.place.sandbox.control("settings", {"denied_permissions": []})
    assert shown["metered"].startswith("unmetered: Cloud Monitoring answered 403: Permission 'monitoring.timeSeries")
    pd.testing.assert_frame_equal(ran.table(), before)


def test_rows_stay_when_the_instance_is_another(ran: Ran, tmp_path: Path) -> None:
    ran.brought_up_to_date()
    before = ran.table()
    with dg.DagsterInstance.local_temp(str(tmp_path)) as wiped:
        ran.brought_up_to_date(wiped)
    assert batch(ran.table()) == batch(before)


def test_the_schedule_runs_only_after_something_ended(ran: Ran, tmp_path: Path) -> None:
    (ran.product.root / "usage" / "eecu.parquet").unlink(missing_ok=True)
    assert isinstance(tick(ran), dg.RunRequest)
    ran.brought_up_to_date()
    skipped = tick(ran)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "Nothing was recorded since the table was made."


def tick(ran: Ran) -> object:
    schedule = build_usage_schedule([ran.product.chain])
    data_root = resources(ran.place.sandbox.url, ran.product.root)["data_root"]
    with dg.build_schedule_context(instance=ran.place.instance, resources={"data_root": data_root}) as context:
        return schedule(context)


def test_one_more_export_is_held_back_before_the_budget_is_spent(ran: Ran) -> None:
    """Two exports cost the same: a budget of three and the reserve allows a third, and no fourth."""
    settings = resources(ran.place.sandbox.url, ran.place.folder)["earth_engine"].settings()
    listed = ran.listed()
    each = max(listed.values())
    place = open_place(resources("", ran.product.root)["data_root"].settings())
    operations = list_operations(connect(settings))
    account = open_account(settings, place, ["heights_"], operations, now=datetime.now(UTC))
    interactive = account.used_by("heights_") - sum(listed.values())
    assert account.expected("heights_").eecu_seconds == pytest.approx(each)
    allowance = Allowance(product=(3 * each + interactive) / HOUR / 0.95 + 1e-6)
    assert decide_budget(account, "heights_", allowance) == Allowed()
    held = decide_budget(account.with_more("heights_", 1), "heights_", allowance)
    assert isinstance(held, HeldBack)
    assert held.reason.startswith("the product heights_ used ")
