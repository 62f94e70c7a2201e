"""A project of one's own: what is made, what is refused, and that it works with the installed package."""

import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pytest
import yaml
from click.testing import CliRunner
from dotenv import dotenv_values

from eo_pipeline.cli.init import command, make_project, project_name
from eo_pipeline.core.product import Product
from eo_pipeline.core.settings import Settings

ROOT = Path(__file__).parents[2]
FILES = {
    ".env.example",
    ".gitignore",
    "README.md",
    "dagster.yaml",
    "definitions.py",
    "products/__init__.py",
    "products/field_ndvi/defs.yaml",
    "pyproject.toml",
    "regions/fields.geojson",
    "workspace.yaml",
}


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_there_and_dagster_is_told_one_name(tmp_path: Path) -> None:
    folder = tmp_path / "my-fields 2024"
    assert set(make_project(folder)) == FILES == files(folder)
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text())
    workspace = yaml.safe_load((folder / "workspace.yaml").read_text())
    name = pyproject["tool"]["dg"]["project"]["code_location_name"]
    assert name == pyproject["project"]["name"] == "my_fields_2024"
    assert workspace["load_from"][0]["python_file"]["location_name"] == name
    assert not [path for path in folder.rglob("*") if path.is_file() and "PROJECT_NAME" in path.read_text()]


def test_a_name_that_python_packaging_refuses_is_mended() -> None:
    assert project_name(Path("/x/höhe 1-a")) == "h_he_1_a"
    assert project_name(Path("/x/été")) == "t"
    assert project_name(Path("/x/__")) == "project"


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    make_project(tmp_path)
    assert files(tmp_path) == FILES


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    done = CliRunner().invoke(command, [str(tmp_path)])
    assert done.exit_code == 1
    assert f"expected a new or empty folder, got {tmp_path}, which holds something" in str(done.exception)
    assert files(tmp_path) == {"mine"}


def test_nothing_stays_behind_when_it_cannot_be_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        make_project(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_the_example_polygons_have_the_id_that_the_example_product_names(tmp_path: Path) -> None:
    make_project(tmp_path)
    product = yaml.safe_load((tmp_path / "products/field_ndvi/defs.yaml").read_text())["attributes"]
    fields = gpd.read_file(tmp_path / product["zones"]["file"])
    assert fields[product["zones"]["id"]].is_unique
    assert fields.is_valid.all()
    # 0.05 to 5 km2 each: fields, near the middle of the UTM zone that the product names
    areas = fields.to_crs(product["area"]["crs"]).area
    assert areas.between(5e4, 5e6).all()


class Asked(Mapping[str, str]):
    """No variables, but the names that were asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.names.add(key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_the_example_explains_exactly_the_settings_that_are_read(tmp_path: Path) -> None:
    make_project(tmp_path)
    text = (tmp_path / ".env.example").read_text()
    asked = Asked()
    Settings.from_mapping(asked)
    assert set(re.findall(r"^(EO_[A-Z_]+)=", text, flags=re.MULTILINE)) == asked.names
    assert set(re.findall(r"^# (EO_[A-Z_]+)=", text, flags=re.MULTILINE)) <= asked.names


def test_the_example_s_settings_can_be_read_as_they_are(tmp_path: Path) -> None:
    make_project(tmp_path)
    values = {name: value or "" for name, value in dotenv_values(tmp_path / ".env.example").items()}
    settings = Settings.from_mapping(values)
    assert (settings.project, settings.bucket) == ("my-project", "my-bucket")
    assert settings == replace(Settings(), project="my-project", bucket="my-bucket", root=values["EO_ROOT"])


def test_the_example_product_is_a_product(tmp_path: Path) -> None:
    make_project(tmp_path)
    attributes = yaml.safe_load((tmp_path / "products/field_ndvi/defs.yaml").read_text())["attributes"]
    product = Product.model_validate({"name": "field_ndvi", **attributes})
    assert product.period.every == "month"


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "DAGSTER_HOME": str(cwd)}
    return subprocess.run(arguments, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=240)


def test_the_installed_command_makes_the_same_project(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "eo-pipeline", "init", "fields", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "fields") == FILES
    assert [line.split()[0] for line in done.stdout.splitlines()[-3:]] == ["cd", "eo-pipeline", "dagster"]
    again = run(installed / "eo-pipeline", "init", "fields", cwd=tmp_path)
    assert again.returncode == 1
    assert again.stderr.startswith("Error: expected a new or empty folder")
    assert again.stderr.count("\n") == 1


def test_the_installed_command_says_its_version(installed: Path, tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run(installed / "eo-pipeline", "--version", cwd=tmp_path).stdout == f"eo-pipeline, version {version}\n"


def test_the_wheel_and_not_this_folder_is_what_runs(installed: Path, tmp_path: Path) -> None:
    done = run(installed / "python", "-c", "import eo_pipeline; print(eo_pipeline.__file__)", cwd=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(installed.parent)


def test_dagster_loads_the_made_project_from_the_installed_package(installed: Path, tmp_path: Path) -> None:
    make_project(tmp_path / "fields")
    validate = "from dagster._cli import main; main()"
    done = run(installed / "python", "-c", validate, "definitions", "validate", cwd=tmp_path / "fields")
    assert done.returncode == 0, done.stdout + done.stderr


def test_dg_checks_the_made_project_and_points_at_a_wrong_line(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "fields"
    make_project(folder)
    check = (installed / "python", "-c", "from dagster_dg_cli.cli import main; main()", "check", "yaml")
    right = run(*check, cwd=folder)
    assert right.returncode == 0, right.stdout + right.stderr
    product = folder / "products/field_ndvi/defs.yaml"
    lines = product.read_text().replace("reducer: median", "reducer: medain").splitlines()
    product.write_text("\n".join(lines) + "\n")
    wrong = run(*check, cwd=folder)
    assert wrong.returncode == 1
    line = 1 + next(number for number, text in enumerate(lines) if "medain" in text)
    assert f"defs.yaml:{line}" in wrong.stdout + wrong.stderr
    assert "'medain' does not match '^(median|" in wrong.stdout + wrong.stderr
