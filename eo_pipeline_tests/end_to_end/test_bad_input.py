"""Bad input where a person meets it: one message that says what was expected, what came and what to do."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas
import pytest
import shapely
from click.testing import Result

from eo_pipeline.cli.init import make_project
from eo_pipeline.orchestration.definitions import project_definitions
from eo_pipeline_tests.end_to_end.command_line import UserProject
from eo_pipeline_tests.end_to_end.pipeline import make_bucket
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

NOBODY = "http://127.0.0.1:9"  # the port of the discard service, which no test machine runs
RUN = ("run", "field_ndvi", "--partitions", "2024-04..2024-05")
ALL_FAILED = "failed submission of 6 partitions (E0245N2087|2024-04, E0245N2088|2024-04, E0246N2088|2024-04, ...)"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    settings = {
        "unregistered_projects": ["unregistered"],
        "disabled_projects": ["disabled"],
        "read_only_buckets": ["read-only"],
        "forbidden_buckets": ["forbidden"],
    }
    with running_sandbox(tmp_path_factory.mktemp("bad_input") / "sandbox", settings=settings, speed=100) as found:
        for name in ("test-bucket", "read-only", "forbidden"):
            make_bucket(found.url, name)
        yield found


@pytest.fixture(scope="module")
def made(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[UserProject]:
    """One project for all tests, since Python imports its package `products` once."""
    folder = tmp_path_factory.mktemp("user") / "project"
    make_project(folder)
    write_regions(folder / "regions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        patch.delitem(sys.modules, "products", raising=False)
        yield UserProject(folder, sandbox.url)
        sys.modules.pop("products", None)


def write_regions(folder: Path) -> None:
    fields = geopandas.read_file(folder / "fields.geojson")
    fields.to_crs("EPSG:32633").to_file(folder / "no_crs.shp")
    (folder / "no_crs.prj").unlink()
    fields.iloc[:0].to_file(folder / "empty.gpkg")
    points = geopandas.GeoDataFrame({"field_id": ["a"]}, geometry=[shapely.Point(16.7, 48.2)], crs="EPSG:4326")
    points.to_file(folder / "points.gpkg")


@pytest.fixture
def project(made: UserProject, monkeypatch: pytest.MonkeyPatch) -> UserProject:
    """The project as the working directory, with the product as it should be."""
    made.declare()
    monkeypatch.chdir(made.folder)
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(made.folder))
    monkeypatch.setenv("DAGSTER_HOME", str(made.folder))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return made


def check_message(done: Result, message: str) -> None:
    """Exit code 1, the message once, nothing of Python's or Dagster's."""
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert done.stderr.count(message) == 1, done.stderr
    assert "Traceback" not in done.output
    assert " - dagster - " not in done.output


# What only Earth Engine knows.
UNKNOWN = [
    pytest.param(
        "S2_SR_HARMONIZED",
        "S2_SR_NEVER",
        "source.collection: expected an image collection that Earth Engine has, got 'COPERNICUS/S2_SR_NEVER'; correct "
        "the id, or ask for access to it",
        id="collection",
    ),
    pytest.param(
        "bands: [B4, B8]",
        "bands: [B4, B8, B99]",
        "source.bands: expected only a band of the collection, got B99; choose among B1, B2, B3, B4, B5",
        id="band",
    ),
    pytest.param(
        "CLOUDY_PIXEL_PERCENTAGE",
        "CLOUDS",
        "source.where: expected only a property of the collection, got CLOUDS; choose among CLOUDY_PIXEL_PERCENTAGE, ",
        id="property",
    ),
    pytest.param(
        "scl_exclude: [0, 1, 3, 8, 9, 10, 11]",
        "qa_pixel: [3]",
        "mask: expected only a band of the collection, got QA_PIXEL; choose among B1, B2",
        id="quality-band",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), UNKNOWN)
def test_what_earth_engine_does_not_know_is_named(project: UserProject, old: str, new: str, message: str) -> None:
    project.declare(old, new)
    done = project.invoke(*RUN)
    check_message(done, f"{ALL_FAILED}\n  {message}")
    assert project.failure_in_dagster().startswith(message)
    check_message(project.invoke("preview", "field_ndvi"), f"Error: {message}")


# What the declaration and its files tell by themselves: (old, new, line, message)
WRONG = [
    pytest.param(
        "(B8 + B4)",
        "(B8 + B5)",
        5,
        "index.ndvi: the formula '(B8 - B4) / (B8 + B5)' uses B5; expected only bands of source.bands (B4, B8); add it "
        "there or correct the formula",
        id="formula",
    ),
    pytest.param(
        ", nodata: -32768",
        "",
        9,
        "output.ndvi: expected `nodata` for the integer dtype int16, got none; masked pixels would become 0, for "
        "example write nodata: -32768",
        id="no-nodata",
    ),
    pytest.param(
        "id: field_id",
        "id: plot",
        10,
        "zones.file: {regions}/fields.geojson: expected a column 'plot', got the columns field_id; name one of those",
        id="zones-without-id",
    ),
    pytest.param(
        "file: regions/fields.geojson",
        "file: regions/no_crs.shp",
        10,
        "zones.file: {regions}/no_crs.shp: expected a CRS, got none; store it with the file (a shapefile's is in its "
        ".prj)",
        id="zones-without-crs",
    ),
    pytest.param(
        "file: regions/fields.geojson",
        "file: regions/empty.gpkg",
        10,
        "zones.file: {regions}/empty.gpkg: expected features, got a file without any; add some or name another",
        id="no-zones",
    ),
    pytest.param(
        "cover: regions/fields.geojson",
        "cover: regions/empty.gpkg",
        8,
        "area.cover: {regions}/empty.gpkg: expected features, got a file without any; add some or name another",
        id="empty-area",
    ),
    pytest.param(
        "cover: regions/fields.geojson",
        "cover: regions/points.gpkg",
        8,
        "area.cover: {regions}/points.gpkg: expected polygons only, got 1 other or empty geometries (row 0: Point); "
        "remove or buffer them",
        id="points",
    ),
    pytest.param(
        "cover: regions/fields.geojson",
        "cover: regions/no_crs.shp",
        8,
        "area.cover: {regions}/no_crs.shp: expected a CRS, got none; store it with the file",
        id="area-without-crs",
    ),
    pytest.param(
        "tile: 256}",
        "tile: 256, bounds: [0, 0, 25600, 25600]}",
        8,
        "area.bounds: expected every area inside [0.0, 0.0, 25600.0, 25600.0], got E0245N2087, E0245N2088, E0246N2088 "
        "outside; widen the bounds",
        id="outside-bounds",
    ),
    pytest.param(
        "start: 2024-04",
        "start: spring",
        7,
        "period.start: expected a date such as 2019, 2019-01 or 2019-01-01, got 'spring'",
        id="start",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), WRONG)
def test_a_wrong_declaration_is_told_with_file_and_line(
    project: UserProject, old: str, new: str, line: int, message: str
) -> None:
    project.declare(old, new)
    expected = f"{project.file}:{line}: " + message.replace("{regions}", str(project.folder / "regions"))
    check_message(project.invoke(*RUN), f"Error: {expected}")
    check_message(project.invoke("preview", "field_ndvi"), f"Error: {expected}")
    [asset] = project_definitions(project.folder).resolve_all_asset_specs()
    assert asset.key.path == ["field_ndvi", "declaration"]
    assert asset.metadata["problem"].startswith(expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("run", "field_ndvi", "--partitions", "2024-04..2024-09"),
            "--partitions: expected periods of the product (2024-04 to 2024-05), got '2024-09'",
        ),
        (
            ("run", "field_ndvi", "--partitions", "2024-05..2024-04"),
            "--partitions: expected A..B with A before B, got '2024-05..2024-04'",
        ),
        (
            ("run", "field_ndvi", "--area", "E1N1"),
            "--area: expected areas of the product (E0245N2087, E0245N2088, E0246N2088), got E1N1",
        ),
        (
            ("preview", "field_ndvi", "--period", "2001-01"),
            "--period: expected a period of the product, from 2024-04, until before 2024-06, got '2001-01'",
        ),
        (
            ("preview", "field_ndvi", "--period", "june"),
            "--period: expected a period of the product such as 2024-04, got 'june'",
        ),
        (("preview", "field_ndvi", "--area", "E1N1"), "--area: expected areas of the product (E0245N2087, "),
        (("run", "ndvi"), "expected a product of {folder}/products, got 'ndvi'; there are field_ndvi"),
    ],
)
def test_a_partition_that_does_not_exist(project: UserProject, arguments: tuple[str, ...], message: str) -> None:
    check_message(project.invoke(*arguments), "Error: " + message.replace("{folder}", str(project.folder)))


def test_a_picture_that_cannot_be_written(project: UserProject) -> None:
    out = project.file / "picture.png"  # below a file
    message = f"Error: expected to write {out}, got: File exists; choose another file with --out"
    check_message(project.invoke("preview", "field_ndvi", "--side", "16", "--out", str(out)), message)


# What is wrong with the deployment: (variables, message, whether Earth Engine alone shows it)
SETTINGS = [
    pytest.param(
        {"EO_BUCKET": "no-such-bucket"},
        "could not list gs://no-such-bucket: it does not exist (The specified bucket does not exist.); create it, or "
        "correct EO_BUCKET or the product's export.bucket",
        False,
        id="missing-bucket",
    ),
    pytest.param(
        {"EO_BUCKET": ""},
        "expected a Cloud Storage bucket in EO_BUCKET or the product's export.bucket, got none; name one that the "
        "account may write to",
        False,
        id="no-bucket",
    ),
    pytest.param(
        {"EO_BUCKET": "forbidden"},
        "could not list gs://forbidden: the account may not (",
        False,
        id="forbidden-bucket",
    ),
    pytest.param(
        {"EO_STORAGE_URL": NOBODY},
        f"could not list gs://test-bucket: expected Cloud Storage at {NOBODY}, got no connection (ConnectionError); "
        "check the network and EO_STORAGE_URL",
        False,
        id="storage-unreachable",
    ),
    pytest.param(
        {"EO_CREDENTIALS": ""},
        "expected Google credentials on this machine, found none; set EO_CREDENTIALS to application_default (after "
        "`gcloud auth application-default login`), persistent",
        True,
        id="no-credentials",
    ),
    pytest.param(
        {"EO_CREDENTIALS": "/no/such/key.json"},
        "expected a service account's file at /no/such/key.json, found none that can be read; set EO_CREDENTIALS",
        True,
        id="no-key-file",
    ),
    pytest.param(
        {"EO_PROJECT": ""},
        "expected a Google Cloud project in EO_PROJECT, got none; set it to a project registered for Earth Engine",
        True,
        id="no-project",
    ),
    pytest.param(
        {"EO_PROJECT": "unregistered"},
        "Earth Engine: Project unregistered is not registered to use Earth Engine. Visit "
        "https://code.earthengine.google.com/register?project=unregistered to register your project.",
        True,
        id="unregistered",
    ),
    pytest.param(
        {"EO_PROJECT": "disabled"},
        "Earth Engine: Google Earth Engine API has not been used in project disabled before or it is disabled. Enable "
        "it by visiting https://console.developers.google.com/apis/api/earthengine.googleapis.com/overview",
        True,
        id="disabled",
    ),
    pytest.param(
        {"EO_EARTH_ENGINE_URL": NOBODY},
        f"expected Earth Engine at {NOBODY}, got no connection (ConnectionError); check the network and "
        "EO_EARTH_ENGINE_URL, or start the sandbox with `eo-pipeline sandbox`",
        True,
        id="unreachable",
    ),
]


@pytest.mark.parametrize(("variables", "message", "in_preview"), SETTINGS)
def test_a_wrong_deployment_is_told_once_for_all_partitions(
    project: UserProject, variables: dict[str, str], message: str, in_preview: bool
) -> None:
    check_message(project.invoke(*RUN, **variables), f"{ALL_FAILED}\n  {message}")
    assert project.failure_in_dagster().startswith(message)
    if in_preview:
        check_message(project.invoke("preview", "field_ndvi", **variables), f"Error: {message}")


def test_a_bucket_that_may_not_be_written_to_and_how_to_go_on(project: UserProject, sandbox: SandboxProcess) -> None:
    message = (
        "could not write to gs://read-only: the account may not (it lacks storage.objects.create); grant it Storage "
        "Object Admin on the bucket"
    )
    check_message(project.invoke(*RUN, EO_BUCKET="read-only"), f"{ALL_FAILED}\n  {message}")
    assert message in project.failure_in_dagster()
    sandbox.control("settings", {"read_only_buckets": []})
    again = project.invoke(*RUN, EO_BUCKET="read-only")
    assert again.exit_code == 0, again.output


def test_in_a_log_there_is_the_progress_and_the_message_alone(project: UserProject) -> None:
    done = project.run(*RUN, EO_BUCKET="no-such-bucket")
    assert done.returncode == 1
    assert re.fullmatch(r" 0:\d\d  submission 0/6\n", done.stdout), done.stdout
    heading, message = done.stderr.splitlines()
    assert heading == ALL_FAILED
    assert message.startswith("  could not list gs://no-such-bucket: it does not exist")


def test_dagster_s_events_are_printed_when_they_are_asked_for(project: UserProject) -> None:
    done = project.run(*RUN, "--verbose", EO_BUCKET="no-such-bucket")
    assert " - dagster - ERROR - " in done.stderr
    assert ALL_FAILED in done.stderr
