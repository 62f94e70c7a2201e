"""A product whose pixels are composed here, as Dagster sees it; nobody is asked."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.core.product import Product
from eo_pipeline.core.settings import Settings
from eo_pipeline.engines import Progress
from eo_pipeline.errors import ProductError, SettingsError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.freshness import Freshness
from eo_pipeline.orchestration.resources import EarthEngineResource
from eo_pipeline.orchestration.scenes.engines import ProgressLines, chosen_engine, worker_environment
from eo_pipeline.orchestration.schedules import build_schedule
from eo_pipeline.orchestration.status import product_status
from eo_pipeline_tests.docs.pages import ROOT
from eo_pipeline_tests.end_to_end.scenes import EAST, WEST, declared, write_catalog
from eo_pipeline_tests.orchestration.event_log import materialise

ONE, OTHER = f"{WEST}|2024-01", f"{EAST}|2024-01"


def chain(folder: Path, **more: Any) -> Chain:
    write_catalog(folder)
    product = Product.model_validate(declared(**more))
    return load_chain(product, Origin(None, None, (folder,), product.name))


@pytest.fixture
def made(tmp_path: Path) -> Chain:
    return chain(tmp_path)


def looked_at(instance: dg.DagsterInstance, made: Chain, partition: str, digest: str) -> None:
    materialise(instance, made, "inputs", partition, {"eo/digest": digest, "eo/state": "written"})


def composed_of(instance: dg.DagsterInstance, made: Chain, partition: str, digest: str, **more: str) -> None:
    told = {"eo/digest": digest, "eo/root": "here", "eo/recipe_version": made.recipe_version(), **more}
    materialise(instance, made, "cube", partition, told)


def test_it_has_two_assets_six_checks_and_what_looks_after_its_cube(made: Chain, tmp_path: Path) -> None:
    found = build_definitions([made.product], folder=tmp_path)
    graph = found.resolve_asset_graph()
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {"composed/inputs", "composed/cube"}
    checks = {"alignment", "complete", "ledger", "nodata", "range", "structure"}
    assert {key.name for key in graph.asset_check_keys} == checks
    jobs = {job.name for job in found.resolve_all_job_defs() if not job.name.startswith("__")}
    cube = {f"composed_cube_{what}" for what in ("verify", "roll_back", "tag", "collect_garbage")}
    assert jobs == cube | {"composed_late", "composed_forgotten"}
    sensors = {sensor.name: sensor.default_status.value for sensor in found.sensors or ()}
    assert sensors["late_inputs"] == "RUNNING"
    assert "late_images" not in sensors
    dg.Definitions.validate_loadable(found)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("era5/{year}/*.nc", "{yaml}/era5/{year}/*.nc"),
        ("*.nc", "{yaml}/*.nc"),
        ("common/of{period}.txt", "{project}/common/of{period}.txt"),
        ("era5", "{yaml}/era5"),
        ("/far/away/*.nc", "/far/away/*.nc"),
        ("gs://bucket/{year}/*.tif", "gs://bucket/{year}/*.tif"),
    ],
)
def test_files_are_found_beside_the_declaration_else_in_the_project(tmp_path: Path, address: str, found: str) -> None:
    yaml_folder, project = tmp_path / "products" / "p", tmp_path
    for folder in (yaml_folder / "era5", project / "common", project / "era5"):
        folder.mkdir(parents=True)
    write_catalog(yaml_folder)
    product = Product.model_validate(declared(source={"files": address, "bands": ["height"]}))
    origin = Origin(None, None, (yaml_folder, project), product.name)
    where = found.replace("{yaml}", str(yaml_folder)).replace("{project}", str(project))
    assert load_chain(product, origin).archive == where
    gone = Product.model_validate(declared(source={"files": "gone/*.nc", "bands": ["height"]}))
    with pytest.raises(ProductError, match=r"source\.files: expected a file at .*/p/gone or .*/gone, found none"):
        load_chain(gone, origin)


def test_the_example_of_the_pages_is_a_product(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "examples" / "field_scenes.yaml").read_text(encoding="utf-8")
    product = Product.model_validate({"name": "field_scenes", **yaml.safe_load(text)["attributes"]})
    folder = ROOT / "eo_pipeline" / "cli" / "templates" / "project"
    found = build_definitions([product], folder=folder)
    keys = {key.path[-1] for key in found.resolve_asset_graph().get_all_asset_keys()}
    assert keys == {"inputs", "cube", "zonal_stats"}


def test_looking_again_makes_nothing_stale_unless_other_inputs_are_found(
    instance: dg.DagsterInstance, made: Chain
) -> None:
    fresh = Freshness(instance, made, "", "here")
    for partition in (ONE, OTHER):
        looked_at(instance, made, partition, "old")
        composed_of(instance, made, partition, "old")
    looked_at(instance, made, ONE, "old")
    looked_at(instance, made, OTHER, "new")
    assert fresh.made("cube", [ONE, OTHER]) == {ONE}
    assert {s.stage: (s.done, s.stale) for s in product_status(instance, made).stages} == {
        "inputs": (2, 0),
        "cube": (2, 1),
    }


def test_another_recipe_makes_every_partition_stale(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    before, after = chain(tmp_path), chain(tmp_path, composite={"reducer": "mean"})
    looked_at(instance, before, ONE, "d")
    composed_of(instance, before, ONE, "d")
    assert [s.stale for s in product_status(instance, before).stages] == [0, 0]
    assert [s.stale for s in product_status(instance, after).stages] == [0, 1]
    elsewhere = {**declared()["source"], "stac": "https://other.example.org"}
    assert chain(tmp_path, source=elsewhere).recipe_version() == before.recipe_version()


def test_the_schedule_looks_for_inputs(instance: dg.DagsterInstance, made: Chain) -> None:
    schedule = build_schedule(made)
    assert schedule.name == "composed_look_for_inputs"
    at, earth_engine = datetime(2024, 3, 1, 4, 30, tzinfo=UTC), EarthEngineResource(url="http://x")
    with dg.build_schedule_context(
        instance=instance, scheduled_execution_time=at, resources={"earth_engine": earth_engine}
    ) as context:
        asked = schedule(context)
    assert isinstance(asked, list)
    assert [request.tags["dagster/asset_partition_range_start"] for request in asked] == [
        f"{WEST}|2024-01",
        f"{WEST}|2024-02",
    ]


def test_the_engine_is_the_runs_else_the_products_else_the_deployments(tmp_path: Path) -> None:
    deployment = Settings(engine=EngineChoice(workers=7))
    silent = Product.model_validate(declared(cube={"repository": "c", "chunk": 32, "shard": 32}))
    names_one = Product.model_validate(declared())
    assert chosen_engine("", silent, deployment) == EngineChoice(workers=7)
    assert chosen_engine("", names_one, deployment) == EngineChoice(workers=2)
    assert chosen_engine("dask:tcp://h:1", names_one, deployment) == EngineChoice("dask", place="tcp://h:1")
    with pytest.raises(SettingsError, match=r"^engine: expected processes, .* got 'spark'; correct it"):
        chosen_engine("spark", names_one, deployment)


def test_workers_get_settings_openly_and_credentials_hidden() -> None:
    given = {"GDAL_CACHEMAX": "64", "AWS_SECRET_ACCESS_KEY": "secret-key", "HOME": "/home/me", "EO_PROJECT": "p"}
    found = worker_environment(given)
    assert dict(found.variables) == {"GDAL_CACHEMAX": "64"}
    assert dict(found.secrets) == {"AWS_SECRET_ACCESS_KEY": "secret-key"}
    assert "secret-key" not in repr(found)


def test_progress_is_told_at_first_every_ten_seconds_and_at_last() -> None:
    seconds, lines = iter([0.0, 4.0, 11.0, 12.0, 13.0]), list[str]()
    tell = ProgressLines(lines.append, "a|2024", clock=lambda: next(seconds))
    for done in range(5):
        tell(Progress(total=4, running=4 - done, done=done, failed=done // 3, lost=done // 2))
    assert lines == [
        "a|2024: 0 of 4 batches done, 4 running",
        "a|2024: 2 of 4 batches done, 2 running, 1 workers lost",
        "a|2024: 4 of 4 batches done, 0 running, 1 failed, 2 workers lost",
    ]
