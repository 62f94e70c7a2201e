"""Where a cube is: a local folder, S3 or Cloud Storage; and which process of it can be killed.

A local folder has none: those who write are the store. The sandbox keeps Cloud Storage on disk and is killed itself;
moto keeps S3 in memory, so a relay before it is killed. What does not belong here: when.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import boto3  # type: ignore[import-untyped] # ships no types
from botocore.exceptions import EndpointConnectionError  # type: ignore[import-untyped] # ships no types

from eo_pipeline.cli.processes import free_port, python_module
from eo_pipeline_tests.chaos.services import Program, listens
from eo_pipeline_tests.processes import started
from eo_pipeline_tests.sandbox.cloud_storage.clients import object_store_key

STORE = "store"
"""Name of the program that can be killed."""
BUCKET = "cubes"
VARIABLES = {"PYTHONPATH": str(Path(__file__).parents[2])}
"""Of every process that is started."""

Kind = Literal["local", "s3", "gcs"]


@dataclass(frozen=True)
class Store:
    """A place for a cube.

    Attributes:
        uri: of the cube.
        options: how it is reached.
        programs: STORE, if there is one.
    """

    uri: str
    options: dict[str, Any]
    programs: Mapping[str, Program]


@contextmanager
def opened(kind: Kind, folder: Path) -> Iterator[Store]:
    """A store below a folder; its program is not started yet."""
    if kind == "local":
        yield Store(str(folder / "cube"), {}, {})
    elif kind == "gcs":
        yield _cloud_storage(folder / "store")
    else:
        with _s3(folder) as store:
            yield store


def _cloud_storage(folder: Path) -> Store:
    folder.mkdir()
    port = free_port(0)
    arguments = ["--port", str(port), "--data", str(folder), "--bucket", BUCKET]
    program = Program(python_module("eo_pipeline.sandbox", *arguments), folder, VARIABLES, lambda: listens(port))
    key = object_store_key(f"http://127.0.0.1:{port}", None)
    options = {"service_account_key": key, "config": {"allow_http": "true"}}
    return Store(f"gs://{BUCKET}/chaos", options, {STORE: program})


@contextmanager
def _s3(folder: Path) -> Iterator[Store]:
    server, port = free_port(0), free_port(0)
    command = python_module("eo_pipeline_tests.chaos_cubes.s3_server", str(server))
    with started(command, log=folder / "s3.log"):
        _make_bucket(f"http://127.0.0.1:{server}")
        relay = python_module("eo_pipeline_tests.chaos_cubes.relay", str(port), str(server))
        program = Program(relay, folder, VARIABLES, lambda: listens(port))
        options = {
            "endpoint_url": f"http://127.0.0.1:{port}", "allow_http": True, "force_path_style": True,
            "region": "us-east-1", "access_key_id": "key", "secret_access_key": "secret",
        }  # fmt: skip
        yield Store(f"s3://{BUCKET}/chaos", options, {STORE: program})


def _make_bucket(url: str) -> None:
    secret = "secret"  # noqa: S105 - moto takes any
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key=secret
    )
    limit = time.monotonic() + 60
    while True:
        try:
            client.create_bucket(Bucket=BUCKET)
        except EndpointConnectionError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.2)
        else:
            return
