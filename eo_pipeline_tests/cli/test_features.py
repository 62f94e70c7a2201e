"""`eo-pipeline features` against the sandbox's world; expected rows come from the unmodified client's `getInfo`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ee
import geopandas
import pytest
from click.testing import CliRunner, Result
from shapely.geometry import shape

from eo_pipeline.cli.main import main
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.clients import initialize

DISTRICTS = "FAO/GAUL/2015/level2"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("features") / "data", speed=0) as server:
        yield server
        ee.Reset()


@pytest.fixture
def copy(sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    variables = {"EO_PROJECT": "sandbox-project", "EO_EARTH_ENGINE_URL": sandbox.url, "EO_CREDENTIALS": "anonymous"}

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["features", *arguments], env=variables)

    return run


def rows_of(server: SandboxProcess, names: list[str]) -> list[dict[str, Any]]:
    initialize(server)
    found: Any = ee.FeatureCollection(DISTRICTS).filter(ee.Filter.inList("ADM0_NAME", names)).getInfo()
    return list(found["features"])


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "fgb"])
def test_the_features_that_were_asked_for_are_in_the_file(copy: Any, sandbox: SandboxProcess, ending: str) -> None:
    file = f"regions/some.{ending}"
    done = copy(DISTRICTS, file, "--where", "ADM0_NAME=Uruguay", "--where", "ADM0_NAME=Paraguay")
    expected = rows_of(sandbox, ["Uruguay", "Paraguay"])
    assert done.exit_code == 0, done.output
    assert f"{len(expected)} features in {file}" in done.output
    found = geopandas.read_file(file).set_index("ADM2_CODE")
    assert found.crs == "EPSG:4326"
    assert set(found.index) == {one["properties"]["ADM2_CODE"] for one in expected}
    for one in expected:
        row = found.loc[one["properties"]["ADM2_CODE"]]
        assert one["properties"]["ADM2_NAME"] == row.ADM2_NAME
        outline = shape(one["geometry"])
        assert row.geometry.symmetric_difference(outline).area < 1e-9 * outline.area
    assert [path.name for path in Path("regions").iterdir()] == [f"some.{ending}"]


def test_numbers_are_compared_as_numbers(copy: Any, sandbox: SandboxProcess) -> None:
    code = rows_of(sandbox, ["Uruguay"])[0]["properties"]["ADM2_CODE"]
    assert copy(DISTRICTS, "one.gpkg", "--where", f"ADM2_CODE={code}").exit_code == 0
    assert list(geopandas.read_file("one.gpkg").ADM2_CODE) == [code]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((DISTRICTS, "a.shp"), "expected a name that ends in .gpkg or .geojson or .fgb, got a.shp"),
        ((DISTRICTS, "a.gpkg", "--where", "Uruguay"), "--where: expected NAME=VALUE, got 'Uruguay'"),
        (
            (DISTRICTS, "a.gpkg", "--where", "ADM0_NAME=Atlantis", "--where", "ADM0_NAME=Lemuria"),
            'expected features that satisfy the conditions, got none (ADM0_NAME in ["Atlantis", "Lemuria"]); correct',
        ),
        ((DISTRICTS, "a.gpkg", "--where", "ADM2_CODE=007"), 'got none (ADM2_CODE in ["007"])'),
        ((DISTRICTS, "a.gpkg", "--where", "ADM2_CODE=7"), "got none (ADM2_CODE in [7])"),
        ((DISTRICTS, "a.gpkg", "--where", 'ADM2_CODE="7"'), 'got none (ADM2_CODE in ["7"])'),
        (("FAO/NOTHING", "a.gpkg"), "expected a table that Earth Engine has, got nothing at FAO/NOTHING"),
        (("MODIS/061/MOD11A2", "a.gpkg"), "expected a table that Earth Engine has, got IMAGE_COLLECTION"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_left(copy: Any, arguments: tuple[str, ...], told: str) -> None:
    done = copy(*arguments)
    assert done.exit_code == 1
    assert told in " ".join(done.output.split())
    assert not list(Path().iterdir())


def test_a_file_that_is_there_is_left_alone(copy: Any) -> None:
    Path("a.gpkg").write_text("mine")
    done = copy(DISTRICTS, "a.gpkg")
    assert done.exit_code == 1
    assert "expected no file there yet" in done.output
    assert Path("a.gpkg").read_text() == "mine"
