"""A project's folder of YAML files as one code location; a wrong product never unloads another."""

import textwrap
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.definitions import build_definitions, project_definitions, project_resources
from eo_pipeline.orchestration.product_files import read_products
from eo_pipeline.orchestration.resources import EarthEngineResource
from eo_pipeline_tests.products import product

Project = Callable[[Mapping[str, str]], Path]

GOOD = """\
type: eo_pipeline.orchestration.EarthObservationProduct
attributes:
  source:    {collection: local/scenes, bands: [B4]}
  period:    {every: month, start: 2024-01}
  area:      {box: [0, 0, 100, 100], crs: EPSG:32633, resolution: 10}
"""
WRONG_FIELD = GOOD + "  composite: {reducer: modus}\n"
UNKNOWN_FIELD = GOOD + "  mosk: {scl_exclude: [3]}\n"
TWO_WRONG = GOOD + "  composite: {reducer: modus}\n  export:\n    priority: -1\n"
MISSING_FILE = GOOD.replace("box: [0, 0, 100, 100]", "cover: nowhere.gpkg")
NO_CALENDAR = GOOD.replace("2024-01", "2024-13")
BROKEN_SYNTAX = GOOD + "  composite: {reducer: [\n"

_numbers = count()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Makes a project of YAML texts by folder name; gives the folder of its products."""

    def make(files: Mapping[str, str]) -> Path:
        name = f"products_{next(_numbers)}"
        dg_settings = f"""\
            [tool.dg]
            directory_type = "project"
            [tool.dg.project]
            root_module = "{name}"
            defs_module = "{name}"
            """
        (tmp_path / "pyproject.toml").write_text(textwrap.dedent(dg_settings))
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text('"""Products."""\n')
        for product_name, text in files.items():
            (folder / product_name).mkdir()
            (folder / product_name / "defs.yaml").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        return folder

    return make


SHARED = {"compute_usage"}
"""The asset of all products together."""


def assets(definitions: dg.Definitions) -> set[str]:
    """Those of products and other components."""
    graph = definitions.resolve_asset_graph()
    return {key.to_user_string() for key in graph.get_all_asset_keys()} - SHARED


def problem(definitions: dg.Definitions, name: str) -> str:
    [spec] = [s for s in definitions.resolve_all_asset_specs() if s.key == dg.AssetKey([name, "declaration"])]
    assert spec.description is not None
    assert " ".join(str(spec.metadata["problem"]).split()) in " ".join(spec.description.split())
    return str(spec.metadata["problem"])


CHAIN = ("submission", "export", "tiles", "mosaic")


def chain_of(name: str) -> set[str]:
    return {f"{name}/{stage}" for stage in CHAIN}


def test_every_product_of_a_project_is_loaded(project: Project) -> None:
    found = project_definitions(project({"one": GOOD, "two": GOOD}))
    assert assets(found) == chain_of("one") | chain_of("two")
    dg.Definitions.validate_loadable(found)


def test_the_folder_names_the_product_unless_it_names_itself(project: Project) -> None:
    found = project_definitions(project({"folder": GOOD + "  name: itself\n"}))
    assert assets(found) == chain_of("itself")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            WRONG_FIELD,
            6,
            "composite.reducer: expected one of median, mean, min, max, first, mosaic, best_pixel, medoid, or ",
        ),
        (UNKNOWN_FIELD, 6, "mosk: there is no such field (did you mean mask?); docs/product.md tells those there are"),
        (NO_CALENDAR, 4, "period.start: expected a date such as 2019, 2019-01 or 2019-01-01, got '2024-13'"),
        (MISSING_FILE, 5, "area.cover: expected a file at "),
        (GOOD.replace("EPSG:32633", "EPSG:1"), 5, "area.crs: expected a CRS such as EPSG:32633, got 'EPSG:1'"),
        (GOOD.replace("  source:", "  # source:"), 2, "expected `source` (the built-in recipe) or `recipe`"),
        (GOOD + "  output: {B4: {dtype: int16}}\n", 6, "output.B4: expected `nodata` for the integer dtype int16"),
        (GOOD + "  zones: {file: z.gpkg, id: n}\n", 6, "zones.file: expected a file at "),
    ],
)
def test_a_wrong_product_says_where_and_what_while_the_others_load(
    project: Project, text: str, line: int, words: str
) -> None:
    folder = project({"good": GOOD, "wrong": text})
    found = project_definitions(folder)
    assert assets(found) == chain_of("good") | {"wrong/declaration"}
    assert problem(found, "wrong").startswith(f"{folder / 'wrong' / 'defs.yaml'}:{line}: {words}")
    dg.Definitions.validate_loadable(found)


def test_every_wrong_field_has_a_line_of_its_own(project: Project) -> None:
    folder = project({"wrong": TWO_WRONG})
    lines = problem(project_definitions(folder), "wrong").splitlines()
    file = folder / "wrong" / "defs.yaml"
    assert [line.partition(": ")[0] for line in lines] == [f"{file}:6", f"{file}:8"]


def test_a_name_that_cannot_be_one_is_shown_under_a_name_that_can(project: Project) -> None:
    found = project_definitions(project({"My-Fields": GOOD, "good": GOOD}))
    assert assets(found) == chain_of("good") | {"My_Fields/declaration"}
    assert "expected a product name of lower-case letters" in problem(found, "My_Fields")


def test_yaml_that_cannot_be_read_leaves_the_others_loaded(project: Project) -> None:
    folder = project({"broken": BROKEN_SYNTAX, "good": GOOD, "wrong": WRONG_FIELD})
    found = project_definitions(folder)
    assert assets(found) == chain_of("good") | {"broken/declaration", "wrong/declaration"}
    said = problem(found, "broken")
    assert said.startswith(f"{folder / 'broken' / 'defs.yaml'}:7: expected YAML, got ")
    assert said.endswith("; check indentation, colons and quotes")
    assert f"{folder / 'wrong' / 'defs.yaml'}:6: " in problem(found, "wrong")
    dg.Definitions.validate_loadable(found)


TYPE = "type: eo_pipeline.orchestration.EarthObservationProduct\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ": expected a product, got an empty file; write one or delete the file"),
        (
            "hello\n",
            ":1: expected `type: eo_pipeline.orchestration.EarthObservationProduct` and `attributes`, got 'hello'",
        ),
        (GOOD.replace("type:", "tipe:"), "EarthObservationProduct` and `attributes`, got only tipe, attributes"),
        (
            GOOD.replace("orchestration.EarthObservationProduct", "orchestration.Product"),
            ":1: type: expected eo_pipeline.orchestration.EarthObservationProduct, got eo_pipeline.orchestration.",
        ),
        (GOOD.replace("eo_pipeline", "eopipeline"), "got eopipeline.orchestration.EarthObservationProduct"),
        (GOOD.replace("attributes", "atributes"), ":1: atributes: there is no such field beside `type`; did you mean"),
        (TYPE + "attributes: [1]\n", ":1: attributes: expected fields such as source, period and area, got [1]"),
        (GOOD + "  1: 2\n", ":1: attributes: expected names of fields, got 1"),
    ],
)
def test_a_file_that_dagster_would_stop_at_is_one_wrong_product(project: Project, text: str, words: str) -> None:
    folder = project({"good": GOOD, "odd": text})
    found = project_definitions(folder)
    assert assets(found) == chain_of("good") | {"odd/declaration"}
    said = problem(found, "odd")
    assert said.startswith(str(folder / "odd" / "defs.yaml"))
    assert words in said


def test_a_file_that_is_no_text_is_one_wrong_product(project: Project) -> None:
    folder = project({"good": GOOD, "odd": GOOD})
    (folder / "odd" / "defs.yaml").write_bytes(GOOD.encode() + b"  description: h\xf6he\n")
    place = len(GOOD) + len("  description: h")
    assert f"expected text in UTF-8, got byte {place} as 0xf6" in problem(project_definitions(folder), "odd")


def test_two_products_of_one_file_are_both_loaded(project: Project) -> None:
    folder = project({"one": GOOD + "---\n" + GOOD + "  name: two\n"})
    assert assets(project_definitions(folder)) == chain_of("one") | chain_of("two")
    assert [found.name for found in read_products(folder, folder.parent)] == ["one", "two"]


@pytest.mark.parametrize("more", [{}, {"broken": BROKEN_SYNTAX}])
def test_a_name_given_twice_costs_only_the_later_product(project: Project, more: dict[str, str]) -> None:
    same = GOOD + "  name: same\n"
    folder = project({"a": same, "b": same, "c": same, "good": GOOD, **more})
    found = project_definitions(folder)
    broken = {f"{name}/declaration" for name in more}
    assert assets(found) == chain_of("same") | chain_of("good") | {"same_2/declaration", "same_3/declaration"} | broken
    assert problem(found, "same_2") == (
        f"{folder / 'b' / 'defs.yaml'}:6: name: expected a name that no other product has, got 'same', "
        f"as at {folder / 'a' / 'defs.yaml'}:6; rename one of them"
    )
    dg.Definitions.validate_loadable(found)


def test_two_wrong_products_of_one_name_are_both_shown(project: Project) -> None:
    folder = project({"a": WRONG_FIELD + "  name: same\n", "b": UNKNOWN_FIELD + "  name: same\n"})
    found = project_definitions(folder)
    assert "composite.reducer" in problem(found, "same")
    assert "mosk" in problem(found, "same_2")


def test_a_product_without_attributes_says_what_is_missing(project: Project) -> None:
    text = "type: eo_pipeline.orchestration.EarthObservationProduct\nattributes: {}\n"
    said = problem(project_definitions(project({"empty": text})), "empty")
    assert "period: expected this field, got none; add it" in said
    assert "area: expected this field, got none; add it" in said


def test_other_components_live_beside_products(project: Project) -> None:
    folder = project({"good": GOOD})
    (folder / "mine.py").write_text("import dagster as dg\n\n@dg.asset\ndef mine() -> None: ...\n")
    assert assets(project_definitions(folder)) == chain_of("good") | {"mine"}


def test_one_sensor_follows_operations_for_all_and_one_runs_what_can_run(project: Project) -> None:
    found = project_definitions(project({"one": GOOD, "two": GOOD}))
    repository = found.get_repository_def()
    sensors = {sensor.name: sensor for sensor in repository.sensor_defs}
    assert set(sensors) == {"earth_engine_operations", "automation", "cancelled_runs", "forgotten_partitions"}
    assert all(sensor.default_status is dg.DefaultSensorStatus.RUNNING for sensor in sensors.values())
    schedules = {schedule.name: schedule.default_status.name for schedule in repository.schedule_defs}
    assert schedules == {
        "one_submit_available": "STOPPED",
        "two_submit_available": "STOPPED",
        "compute_usage_hourly": "RUNNING",
    }


def test_products_share_one_asset_of_compute_that_depends_on_no_partitions(project: Project) -> None:
    graph = project_definitions(project({"one": GOOD, "two": GOOD})).resolve_asset_graph()
    node = graph.get(dg.AssetKey("compute_usage"))
    assert node.parent_keys == set()
    assert node.partitions_def is None


def test_a_project_without_a_right_product_loads(project: Project) -> None:
    found = project_definitions(project({"wrong": WRONG_FIELD}))
    assert assets(found) == {"wrong/declaration"}
    dg.Definitions.validate_loadable(found)


def test_a_program_declares_products(tmp_path: Path) -> None:
    measured = product(name="measured", cube={"repository": "c"})
    mine = EarthEngineResource(project="mine")
    found = build_definitions([product(), measured], resources={"earth_engine": mine}, folder=tmp_path)
    assert assets(found) == chain_of("small") | chain_of("measured") | {"measured/cube"}
    assert found.resources is not None
    assert found.resources["earth_engine"] is mine
    assert set(found.resources) == set(project_resources())
    dg.Definitions.validate_loadable(found)


@pytest.mark.parametrize(
    ("sections", "stages"),
    [
        ({"export": {"destination": "asset"}}, {"ee_asset"}),
        ({"source": None, "table": {"recipe": "a.b", "columns": {"n": {}}}}, {"table"}),
        (
            {"source": None, "table": {"recipe": "a.b", "columns": {"n": {}}}, "export": {"destination": "asset"}},
            {"ee_asset"},
        ),
    ],
    ids=["asset", "table", "table asset"],
)
def test_what_has_no_tiles_has_no_mosaic_and_only_the_check_of_completeness(
    tmp_path: Path, sections: dict[str, Any], stages: set[str]
) -> None:
    found = build_definitions([product(**sections)], folder=tmp_path)
    assert assets(found) == {f"small/{stage}" for stage in {"submission", "export", *stages}}
    checked = {(key.asset_key.path[-1], key.name) for key in found.resolve_asset_graph().asset_check_keys}
    assert checked == {(stage, "complete") for stage in stages}
    dg.Definitions.validate_loadable(found)


def test_a_program_is_told_what_is_wrong_with_its_product(tmp_path: Path) -> None:
    lost = product(area={"cover": "nowhere.gpkg", "crs": "EPSG:32633", "resolution": 10})
    with pytest.raises(ProductError, match=rf"^small: area.cover: expected a file at {tmp_path}/nowhere.gpkg"):
        build_definitions([lost], folder=tmp_path)


def test_definitions_without_products_hold_only_resources() -> None:
    found = build_definitions([])
    assert list(found.assets or []) == []
    assert list(found.sensors or []) == []
