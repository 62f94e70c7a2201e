"""Keys and tokens appear nowhere: not in logs, metadata, errors, run configuration, the event log or any file."""

import json
import sqlite3
import traceback
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from eo_pipeline.cli.init import make_project
from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.definitions import build_definitions
from eo_pipeline.orchestration.following.operations_sensor import build_operations_sensor
from eo_pipeline.orchestration.resources import DataRootResource, EarthEngineResource
from eo_pipeline_tests.end_to_end.command_line import UserProject
from eo_pipeline_tests.end_to_end.heights import heights, submissions, write_catalog, write_month
from eo_pipeline_tests.end_to_end.keys import Key, service_account_key
from eo_pipeline_tests.end_to_end.leaks import leaks, told
from eo_pipeline_tests.end_to_end.pipeline import make_bucket
from eo_pipeline_tests.end_to_end.place import BARE, MONTH, PARTITION
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

NOBODY = "http://127.0.0.1:9"
STRICT = {"anonymous": False, "foreign_tokens": False, "storage_authentication": "required"}
REFRESH_TOKEN, CLIENT_SECRET = "1//0-never-print-this-refresh-token", "GOCSPX-never-print-this"  # of nobody


@dataclass(frozen=True)
class Deployment:
    """A user's project at a sandbox that asks for credentials, with a key to it."""

    sandbox: SandboxProcess
    project: UserProject
    key: Key

    @property
    def chain(self) -> Chain:
        folder = self.project.folder
        return load_chain(Product.model_validate(heights("heights", **BARE)), Origin(None, None, (folder,), "heights"))

    def materialise(self, stage: str, **config: bool) -> bool:
        """One partition as a run of its own, configured by the environment alone."""
        job = build_definitions(
            [self.chain.product], folder=self.project.folder
        ).resolve_implicit_global_asset_job_def()
        with dg.DagsterInstance.from_config(str(self.project.folder)) as instance:
            return job.execute_in_process(
                instance=instance,
                asset_selection=[self.chain.key(stage)],
                partition_key=PARTITION,
                run_config={"ops": {f"heights__{stage}": {"config": config}}} if config else {},
                raise_on_error=False,
            ).success

    def tick(self) -> str:
        """What a tick of the sensor leaves: nothing, or its error as the daemon stores it."""
        sensor, services = build_operations_sensor([self.chain]), {"earth_engine": EarthEngineResource()}
        with (
            dg.DagsterInstance.from_config(str(self.project.folder)) as instance,
            dg.build_sensor_context(
                instance=instance, resources={**services, "data_root": DataRootResource()}, cursor=None
            ) as context,
        ):
            try:
                sensor(context)
            except Exception:  # noqa: BLE001  # whatever it is, Dagster stores it
                return traceback.format_exc()
        return ""

    def leaks(self, *outputs: str) -> list[str]:
        """Secrets in outputs, and in all files of the project."""
        found = [secret for output in outputs for secret in told(output.encode(), self.key.secrets)]
        return found + leaks(self.project.folder, self.key.secrets)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("secrets")
    write_month(folder, MONTH, seed=1)
    with running_sandbox(folder / "sandbox", catalog=write_catalog(folder), speed=100) as sandbox:
        make_bucket(sandbox.url)
        sandbox.control("settings", STRICT)
        make_project(folder / "project")
        attributes = {name: part for name, part in heights("", **BARE).items() if name != "name" and part is not None}
        declared = {"type": "eo_pipeline.orchestration.EarthObservationProduct", "attributes": attributes}
        product = folder / "project" / "products" / "heights"
        product.mkdir()
        (product / "defs.yaml").write_text(yaml.safe_dump(declared))
        yield Deployment(sandbox, UserProject(folder / "project", sandbox.url), service_account_key(sandbox.url))


@pytest.fixture
def deployment(whole: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    for name, value in {**whole.project.environment, "EO_CREDENTIALS": whole.key.text, "COLUMNS": "1000"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(whole.project.folder)
    yield whole
    whole.sandbox.control("faults", method="DELETE")


def test_the_search_finds_what_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("Authorization: Bearer ya29.abcdefghij")
    with closing(sqlite3.connect(tmp_path / "runs.db")) as database:
        database.execute("create table snapshots (body blob)")
        database.execute("insert into snapshots values (?)", [zlib.compress(b"..never-print-this..")])
        database.commit()
    found = leaks(tmp_path, ["never-print-this"])
    assert [line.rpartition("/")[2] for line in found] == ["log: ya29.abcdefg", "runs.db: never-print-"]


@pytest.mark.parametrize("where", ["text", "file"])
def test_a_run_that_succeeds_tells_no_secret(deployment: Deployment, tmp_path: Path, where: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(deployment.key.text)
    credentials = {"EO_CREDENTIALS": deployment.key.text if where == "text" else str(file)}
    before = len(submissions(deployment.sandbox))
    ran = deployment.project.run("run", "heights", "--partitions", MONTH, "--resubmit", "--verbose", **credentials)
    assert ran.returncode == 0, ran.stderr
    assert "STEP_SUCCESS" in ran.stderr, "Dagster's own events were printed"
    assert len(submissions(deployment.sandbox)) == before + 1
    assert deployment.leaks(ran.stdout, ran.stderr) == []


COMMANDS = (["doctor"], ["status", "heights"], ["budget"], ["plan", "heights", "--partitions", MONTH])


def test_no_command_tells_a_secret_and_tokens_that_expired_are_renewed(deployment: Deployment) -> None:
    deployment.sandbox.control("tokens", method="DELETE")
    done = [deployment.project.invoke(*command, EO_CREDENTIALS=deployment.key.text) for command in COMMANDS]
    assert [one.exception for one in done if one.exception and not isinstance(one.exception, SystemExit)] == []
    assert "service account robot@some-project.example (key in EO_CREDENTIALS)" in done[0].output
    assert deployment.leaks(*(one.output for one in done)) == []


SERVICES = {
    "token": "^/token$",
    "operations": "/operations$",
    "compute": "value:compute$",
    "export": "image:export$",
    "storage": "^/storage/",
    "monitoring": "timeSeries",
}
TROUBLES: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 401, "message": "Invalid Credentials", "count": None},
    {"kind": "status", "status": 403, "message": "Permission denied.", "count": None},
    {"kind": "reset", "count": 2},
)


@pytest.mark.parametrize("service", SERVICES)
def test_no_failure_of_a_service_tells_a_secret(deployment: Deployment, service: str) -> None:
    """Runs, the sensor and commands meet refusals and broken connections of each service."""
    outputs, before = [], len(deployment.sandbox.events("fault"))
    for trouble in TROUBLES:
        deployment.sandbox.control("faults", method="DELETE")
        deployment.sandbox.control("tokens", method="DELETE")
        deployment.sandbox.arm(**trouble, path=SERVICES[service])
        deployment.materialise("submission", resubmit=True)
        deployment.materialise("tiles")
        outputs.append(deployment.tick())
        command = {"token": "doctor", "monitoring": "budget"}.get(service)
        if command is not None:
            outputs.append(deployment.project.invoke(command, EO_CREDENTIALS=deployment.key.text).output)
    assert len(deployment.sandbox.events("fault")) >= before + len(TROUBLES)
    assert deployment.leaks(*outputs) == []


def broken(key: Key) -> str:
    fields = json.loads(key.text)
    return json.dumps({**fields, "private_key": fields["private_key"].replace(key.secrets[1], key.secrets[1][::-1])})


def person() -> str:
    return json.dumps(
        {
            "type": "authorized_user",
            "client_id": "nobody",
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "token_uri": f"{NOBODY}/token",
        }
    )


def test_keys_that_cannot_be_used_are_not_told(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = (*deployment.key.secrets, deployment.key.secrets[1][::-1], REFRESH_TOKEN, CLIENT_SECRET)
    outputs = []
    for text in (broken(deployment.key), person(), deployment.key.text[:-2]):
        monkeypatch.setenv("EO_CREDENTIALS", text)
        deployment.materialise("submission")
        outputs += [deployment.tick(), deployment.project.invoke("doctor", EO_CREDENTIALS=text).output]
    assert "got JSON without a usable key" in outputs[1]
    assert [secret for output in outputs for secret in told(output.encode(), secrets)] == []
    assert leaks(deployment.project.folder, secrets) == []


def test_a_service_that_is_not_there_is_told_without_the_token(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = (("EO_STORAGE_URL", "doctor"), ("EO_MONITORING_URL", "budget"), ("EO_EARTH_ENGINE_URL", "doctor"))
    outputs = [
        deployment.project.invoke(command, EO_CREDENTIALS=deployment.key.text, **{name: NOBODY}).output
        for name, command in away
    ]
    monkeypatch.setenv("EO_EARTH_ENGINE_URL", NOBODY)
    assert not deployment.materialise("submission")
    assert NOBODY in "".join(outputs)
    assert deployment.leaks(*outputs) == []
