"""Archives of tiles on Cloud Storage, S3 and behind http: listed, read in workers, and only what changed read again."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3  # type: ignore[import-untyped] # ships no types
import icechunk
import numpy as np
import pytest
from botocore.exceptions import EndpointConnectionError  # type: ignore[import-untyped] # ships no types
from numpy.typing import NDArray

from eo_pipeline.core.settings import Settings
from eo_pipeline.engines import Engine
from eo_pipeline.engines.processes import Processes
from eo_pipeline.errors import CredentialsError, SourceError
from eo_pipeline.sources.aligned_tiles.archive import TileArchive
from eo_pipeline.sources.listings import Access, open_listing
from eo_pipeline.steps.cubes.ingest_tiles import Ingested, ingest_tiles
from eo_pipeline.storage.cubes import CubeAddress, CubeStore, open_or_create_cube
from eo_pipeline.storage.cubes.layout import array_at
from eo_pipeline.storage.objects import open_bucket
from eo_pipeline.storage.transfer.patience import Patience
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.cloud_storage.server import make_key
from eo_pipeline_tests.steps.cubes.glad import PATTERN, YEAR, globe, place, provenance, random_classes, write_tile
from eo_pipeline_tests.steps.cubes.here import Here

SIDE, DEGREES, BUCKET = 40, 5, "tiles"
PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))
PATIENCE = Patience(seconds=5)


@pytest.fixture(autouse=True)
def _quiet_icechunk() -> None:
    icechunk.set_logs_filter("error")  # it warns of unlocked commits each time a local repository is opened


@pytest.fixture
def cube(tmp_path: Path) -> CubeStore:
    return open_or_create_cube(CubeAddress(str(tmp_path / "cube")), globe(80, 80, chunk=20, shard=40))


def tiles(folder: Path, *, seed: int = 0) -> tuple[dict[str, Path], NDArray[np.uint8]]:
    """Four tiles by name, and the whole."""
    whole = random_classes(80, 80, seed)
    files = {}
    for row, column in PLACES:
        name = f"2000/{place(row, column, degrees=DEGREES)}.tif"
        part = whole[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
        files[name] = write_tile(folder / name, part, north=80 - row * DEGREES, west=column * DEGREES - 180)
    return files, whole


def ingest(cube: CubeStore, archive: TileArchive, engine: Engine | None = None) -> Ingested:
    return ingest_tiles(cube, YEAR.parse("2000"), archive, engine or Here(), provenance=provenance("2000"))


def assert_holds(cube: CubeStore, whole: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(array_at(cube.read(), "classes")[0], whole)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), buckets=[BUCKET]) as running:
        yield running


def access_to(url: str, credentials: str = "anonymous") -> Access:
    settings = Settings(project="sandbox-project", storage_url=url, credentials=credentials)
    return Access(settings, patience=PATIENCE, threads=4)


def upload(access: Access, files: dict[str, Path], folder: str) -> None:
    bucket = open_bucket(access.google, BUCKET)
    for name, path in files.items():
        bucket.upload(path, f"{folder}/{name}")


def test_tiles_of_a_public_bucket(cube: CubeStore, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """The deployment's credentials, which are none here, are not looked at."""
    files, whole = tiles(tmp_path)
    upload(access_to(sandbox.url), files, "public")
    access = replace(access_to(sandbox.url, str(tmp_path / "no key")), anonymous=True)
    archive = TileArchive(open_listing(f"gs://{BUCKET}/public", access), PATTERN, access)
    assert ingest(cube, archive).copied == 4
    assert_holds(cube, whole)
    first = next(iter(files))
    whole[:SIDE, :SIDE] = 3
    write_tile(files[first], whole[:SIDE, :SIDE], north=80, west=-180)
    upload(access_to(sandbox.url), {first: files[first]}, "public")
    assert ingest(cube, archive).copied == 1
    assert_holds(cube, whole)
    signed = replace(access, anonymous=False)
    with pytest.raises(CredentialsError, match="no key"):
        ingest(cube, TileArchive(open_listing(f"gs://{BUCKET}/public", signed), PATTERN, signed))


def test_tiles_of_a_bucket_that_wants_a_key(cube: CubeStore, sandbox: SandboxProcess, tmp_path: Path) -> None:
    """Workers get the key itself, as a secret; it is in no file."""
    account = make_key(sandbox.url, tmp_path)
    access = access_to(sandbox.url, account.path.read_text())
    account.path.unlink()
    files, whole = tiles(tmp_path / "files")
    upload(access, files, "private")
    archive = TileArchive(open_listing(f"gs://{BUCKET}/private", access), PATTERN, access)
    nobody = replace(access, anonymous=True)
    sandbox.control("settings", {"storage_authentication": "required"})
    try:
        ingest(cube, archive, Processes(1))
        assert_holds(cube, whole)
        message = f"could not list gs://{BUCKET}/private: it is not open to everybody"
        with pytest.raises(CredentialsError, match=message):
            ingest(cube, TileArchive(open_listing(f"gs://{BUCKET}/private", nobody), PATTERN, nobody))
    finally:
        sandbox.control("settings", {"storage_authentication": "optional"})


def test_tiles_behind_http_and_in_a_bucket_by_a_listing(
    cube: CubeStore, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    files, whole = tiles(tmp_path)
    access = access_to(sandbox.url)
    upload(access, files, "web")
    names = sorted(files)
    lines = [
        f"web/{names[0]}",
        f"{sandbox.url}/{BUCKET}/web/{names[1]}",
        *(f"gs://{BUCKET}/web/{n}" for n in names[2:]),
    ]
    bucket = open_bucket(access.google, BUCKET)
    bucket.write("list.txt", "\n".join(lines).encode())
    archive = TileArchive(open_listing(f"{sandbox.url}/{BUCKET}/list.txt", access), PATTERN, access)
    assert ingest(cube, archive).copied == 4
    assert_holds(cube, whole)
    assert not ingest(cube, archive).commit.changed
    by_gs = open_listing(f"gs://{BUCKET}/list.txt", access)
    assert {one.href for one in by_gs.files()} == {
        one.href.replace(f"{sandbox.url}/{BUCKET}/web/{names[0]}", f"gs://{BUCKET}/web/{names[0]}")
        for one in archive.listing.files()
    }
    bucket.write("list.txt", "\n".join([*lines, "web/2000/gone.tif", f"gs://{BUCKET}/web/gone.tif"]).encode())
    with pytest.raises(
        SourceError, match=r"got 2 that are not there:\n  gs:.*web/gone\.tif\n  http:.*web/2000/gone\.tif"
    ):
        archive.listing.files()


def test_a_tile_that_goes_away_is_named(cube: CubeStore, sandbox: SandboxProcess, tmp_path: Path) -> None:
    files, _ = tiles(tmp_path)
    access = access_to(sandbox.url)
    upload(access, files, "gone")
    sandbox.arm(kind="status", path=r"/tiles/gone/.*75N_175W\.tif", status=404, count=None)
    try:
        archive = TileArchive(open_listing(f"gs://{BUCKET}/gone", access), PATTERN, access)
        with pytest.raises(SourceError, match=rf"got 1 problem\(s\):\n  gs://{BUCKET}/gone/2000/75N_175W\.tif: "):
            ingest(cube, archive)
    finally:
        sandbox.control("faults", method="DELETE")


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Address of an S3 with the bucket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "PYTHONPATH": ""}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            _create_bucket(url)
            yield url
        finally:
            server.terminate()


def s3_client(url: str) -> boto3.client:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",  # noqa: S106 (moto takes any)
    )


def _create_bucket(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            s3_client(url).create_bucket(Bucket=BUCKET)
        except EndpointConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


@pytest.mark.parametrize("anonymous", [True, False])
def test_tiles_of_s3(
    cube: CubeStore, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anonymous: bool
) -> None:
    files, whole = tiles(tmp_path)
    for name, path in files.items():
        s3_client(s3).upload_file(str(path), BUCKET, f"some/{name}", ExtraArgs={"ACL": "public-read"})
    if not anonymous:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    access = Access(anonymous=anonymous, s3_endpoint=s3, s3_region="us-east-1", patience=PATIENCE)
    archive = TileArchive(open_listing(f"s3://{BUCKET}/some", access), PATTERN, access)
    assert ingest(cube, archive).copied == 4
    assert_holds(cube, whole)
    assert not ingest(cube, archive).commit.changed
    with pytest.raises(SourceError, match=r"could not list s3://elsewhere/some: expected objects, got .*; check"):
        open_listing("s3://elsewhere/some", access).files()
