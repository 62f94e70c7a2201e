"""`eo-pipeline doctor` at a real sandbox: all well, and each failure with its fix."""

import json
from collections.abc import Iterator
from pathlib import Path

import ee
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from eo_pipeline.cli.init import make_project
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.session import connect
from eo_pipeline_tests.end_to_end.command_line import UserProject
from eo_pipeline_tests.end_to_end.pipeline import BUCKET, PROJECT, make_bucket, storage_client
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

NOBODY = "http://127.0.0.1:9"  # the port of the discard service, which no test machine runs
SECRET = "never-print-this"  # noqa: S105  # no password: a word that must not be printed


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    settings = {
        "unregistered_projects": ["unregistered"],
        "disabled_projects": ["disabled"],
        "read_only_buckets": ["read-only"],
    }
    with running_sandbox(tmp_path_factory.mktemp("doctor") / "sandbox", settings=settings, speed=0) as found:
        for name in (BUCKET, "read-only"):
            make_bucket(found.url, name)
        yield found


@pytest.fixture
def project(sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UserProject:
    folder = tmp_path / "project"
    make_project(folder)
    made = UserProject(folder, sandbox.url)
    made.declare()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "1000")
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    return made


def lines(project: UserProject, *, exit_code: int, **variables: str) -> dict[str, tuple[str, str]]:
    """(mark, detail) of each check by its name, and the advice after the table under `fixes`."""
    done = project.invoke("doctor", **variables)
    assert done.exit_code == exit_code, done.output
    assert "Traceback" not in done.output
    table, _, rest = done.output.partition("\n\n")
    found = {"fixes": ("", rest)}
    width = max(len(line.split("  ")[0]) for line in table.splitlines()) + 2
    for line in table.splitlines():
        mark, (name, _, detail) = line[:width].strip(), line[width:].partition("  ")
        found[name] = (mark, detail.strip())
    return found


def test_all_is_well(project: UserProject, sandbox: SandboxProcess) -> None:
    found = lines(project, exit_code=0, EO_COMPUTE_TIER="community", EO_MAX_CONCURRENT_EXPORTS="8")
    assert {mark for mark, _ in found.values()} == {"ok", ""}
    assert found["credentials"][1] == "anonymous, which only the sandbox accepts"
    assert found["project"][1] == PROJECT
    assert found["Earth Engine"][1] == f"answers at {sandbox.url}"
    begun = "begun with 40 at once and 100 a second"
    assert found["interactive requests"][1] == f"1 + 1 = 2 at {sandbox.url}; {begun}"
    assert found["exports"][1].startswith("0 running, 0 queued now; the service does not publish how many run at once ")
    assert found["exports"][1].endswith("(maxConcurrentExports: 8)")
    assert found["compute tier"][1] == "community: 150 EECU-hours a month, then slowed"
    assert found["product field_ndvi"][1] == "3 areas, every month from 2024-04"
    assert "All is well" in found["fixes"][1]
    assert [blob.name for blob in storage_client(sandbox.url).list_blobs(BUCKET)] == []
    written = [e["path"] for e in sandbox.events("request") if ".eo-doctor" in str(e)]
    assert written, "the object was written and deleted"


def test_what_nobody_said_is_unknown_and_no_failure(project: UserProject) -> None:
    found = lines(project, exit_code=0)
    assert found["compute tier"] == ("-", "unknown")
    assert "set EO_COMPUTE_TIER to its tier: community (150 EECU-hours a month), contributor" in found["fixes"][1]
    assert "maxConcurrentExports: unknown, set EO_MAX_CONCURRENT_EXPORTS to your plan's" in found["exports"][1]


def test_chips_need_no_bucket(project: UserProject) -> None:
    text = project.file.read_text()
    kept = [line for line in text.splitlines() if not line.strip().startswith(("zones:", "cube:"))]
    project.file.write_text("\n".join([*kept, "  chips:     {count: 5}", ""]))
    found = lines(project, exit_code=0, EO_BUCKET="")
    assert [name for name in found if name.startswith("bucket")] == []
    assert found["product field_ndvi"][1] == "chips: 3 areas, every month from 2024-04"


def test_a_drive_is_asked_where_one_is_used(project: UserProject, sandbox: SandboxProcess) -> None:
    assert "Google Drive" not in lines(project, exit_code=0)
    found = lines(project, exit_code=0, EO_DRIVE_URL=sandbox.url)
    assert found["Google Drive"] == ("ok", "answers, as the drive of user@sandbox.invalid")


def test_running_and_queued_exports_are_counted(project: UserProject, sandbox: SandboxProcess) -> None:
    sandbox.control("settings", {"running_seconds": 1000.0})
    try:
        start_three_exports(sandbox.url)
        found = lines(project, exit_code=0)
    finally:
        sandbox.control("settings", {"running_seconds": 0.0})
    assert found["exports"][1].startswith("2 running, 1 queued now;")


def start_three_exports(url: str) -> None:
    session = connect(Settings(project=PROJECT, earth_engine_url=url, credentials="anonymous"))
    for number in range(3):
        task = ee.batch.Export.image.toCloudStorage(
            image=ee.Image(number),
            bucket=BUCKET,
            fileNamePrefix=f"queue/{number}",
            region=ee.Geometry.Rectangle([0, 0, 1, 1]),
            scale=10000,
        )
        session.call(task.start)


FAILURES = [
    pytest.param(
        {"EO_PROJECT": "unregistered"},
        "project registered",
        "Project unregistered is not registered to use Earth Engine. Visit https://code.earthengine.google.com/register",
        id="unregistered",
    ),
    pytest.param(
        {"EO_PROJECT": "disabled"},
        "API enabled",
        "Enable it by visiting https://console.developers.google.com/apis/api/earthengine.googleapis.com/overview",
        id="disabled",
    ),
    pytest.param({"EO_PROJECT": ""}, "project", "expected a Google Cloud project in EO_PROJECT, got none", id="none"),
    pytest.param(
        {"EO_CREDENTIALS": ""},
        "credentials",
        "expected Google credentials on this machine, found none; set EO_CREDENTIALS to application_default",
        id="credentials",
    ),
    pytest.param(
        {"EO_EARTH_ENGINE_URL": NOBODY},
        "Earth Engine",
        f"expected Earth Engine at {NOBODY}, got no connection (ConnectionError); check the network and EO_EARTH",
        id="earth-engine-unreachable",
    ),
    pytest.param(
        {"EO_STORAGE_URL": NOBODY},
        f"bucket {BUCKET}",
        f"expected Cloud Storage at {NOBODY}, got no connection (ConnectionError); check the network and EO_STORAGE",
        id="storage-unreachable",
    ),
    pytest.param(
        {"EO_DRIVE_URL": NOBODY},
        "Google Drive",
        f"expected Google Drive at {NOBODY}, got no connection (ConnectionRefusedError); check the network and EO_DRI",
        id="drive-unreachable",
    ),
    pytest.param(
        {"EO_BUCKET": "no-such-bucket"},
        "bucket no-such-bucket",
        "could not list gs://no-such-bucket: it does not exist (The specified bucket does not exist.); create it, or",
        id="missing-bucket",
    ),
    pytest.param(
        {"EO_BUCKET": ""},
        "bucket",
        "expected a Cloud Storage bucket in EO_BUCKET or the product's export.bucket, got none; name one",
        id="no-bucket",
    ),
    pytest.param(
        {"EO_BUCKET": "read-only"},
        "bucket read-only: write",
        "storage.objects.create' denied on resource (or it may not exist).); grant it Storage Object Admin on",
        id="read-only-bucket",
    ),
    pytest.param(
        {"EO_POLL_SECONDS": "often"},
        "settings",
        "EO_POLL_SECONDS: expected whole seconds above 0, got 'often'; correct it",
        id="settings",
    ),
    pytest.param(
        {"EO_COMPUTE_TIER": "gold"},
        "settings",
        "EO_COMPUTE_TIER: expected one of community, contributor, partner, got 'gold'; leave it empty if",
        id="tier",
    ),
    pytest.param(
        {"EO_MAX_CONCURRENT_EXPORTS": "0"},
        "settings",
        "EO_MAX_CONCURRENT_EXPORTS: expected a number of tasks above 0, got '0'; correct it",
        id="concurrency",
    ),
    pytest.param(
        {"DAGSTER_HOME": "/no/such/folder"},
        "DAGSTER_HOME",
        "DAGSTER_HOME: expected a folder that keeps what was done, got '/no/such/folder'; copy .env.example to .env",
        id="dagster-home",
    ),
]


@pytest.mark.parametrize(("variables", "check", "detail"), FAILURES)
def test_each_failure_is_told_with_what_to_do(
    project: UserProject, variables: dict[str, str], check: str, detail: str
) -> None:
    found = lines(project, exit_code=1, **variables)
    assert found[check][0] == "failed"
    assert detail in found[check][1]
    assert [name for name, (mark, _) in found.items() if mark == "failed"] == [check]


def test_checks_that_need_a_failed_one_say_so(project: UserProject) -> None:
    found = lines(project, exit_code=1, EO_PROJECT="disabled", EO_BUCKET="read-only")
    assert found["project registered"] == ("-", "not run: needs API enabled")
    assert found["exports"] == ("-", "not run: needs project registered")
    assert found["bucket read-only: delete"] == ("-", "not run: needs bucket read-only: write")


def test_a_wrong_product_is_told_with_file_and_line(project: UserProject) -> None:
    project.declare("(B8 + B4)", "(B8 + B5)")
    found = lines(project, exit_code=1)
    assert found["product field_ndvi"][0] == "failed"
    assert found["product field_ndvi"][1].startswith(f"{project.file}:5: index.ndvi: the formula")


def test_dagster_settings_that_cannot_be_read(project: UserProject) -> None:
    (project.folder / "dagster.yaml").write_text("storage: {nothing: {}}\n")
    found = lines(project, exit_code=1)
    assert found["DAGSTER_HOME"][0] == "failed"
    said = f"{project.folder / 'dagster.yaml'}: expected Dagster's settings, got: "
    assert found["DAGSTER_HOME"][1].startswith(said)
    assert found["DAGSTER_HOME"][1].endswith("; correct it (`eo-pipeline init` makes a good one)")


def key_json(private_key: str) -> str:
    return json.dumps(
        {
            "type": "service_account",
            "client_email": "robot@some-project.example",
            "private_key_id": SECRET,
            "private_key": private_key,
            "token_uri": NOBODY,
        }
    )


def test_a_broken_key_is_told_without_its_secret(project: UserProject) -> None:
    broken = key_json(f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n")
    for name, spec in (("EO_CREDENTIALS", broken), ("the file key.json", "key.json")):
        (project.folder / "key.json").write_text(broken)
        done = project.invoke("doctor", EO_CREDENTIALS=spec)
        assert done.exit_code == 1
        assert f"expected a service account's key in {name}, got JSON without a usable key" in done.output
        assert SECRET not in done.output


def test_a_usable_key_is_told_by_its_account_without_its_secret(project: UserProject) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    done = project.invoke("doctor", EO_CREDENTIALS=key_json(key.decode()))
    assert done.exit_code == 1, "its token cannot be fetched"
    assert "service account robot@some-project.example (key in EO_CREDENTIALS)" in done.output
    assert SECRET not in done.output
    assert "PRIVATE KEY" not in done.output
    assert key.decode().splitlines()[1] not in done.output
