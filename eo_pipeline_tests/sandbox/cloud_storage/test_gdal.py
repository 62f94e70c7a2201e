"""GDAL's /vsigs/ on the sandbox, through rasterio and pyogrio: COGs read by ranges, rasters written, folders listed."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.shutil import copy
from rasterio.transform import from_origin

from eo_pipeline_tests.sandbox.cloud_storage.clients import google_client
from eo_pipeline_tests.sandbox.cloud_storage.conftest import Guarded
from eo_pipeline_tests.sandbox.cloud_storage.server import process

PROFILE = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:4326"}


@dataclass(frozen=True)
class Place:
    """A bucket on a server that asks for no credentials."""

    endpoint: str
    bucket: str

    @property
    def options(self) -> dict[str, str]:
        """GDAL's options for it; without the cache, which would hide what is written later."""
        return {"CPL_GS_ENDPOINT": self.endpoint + "/", "GS_NO_SIGN_REQUEST": "YES", "VSI_CACHE": "FALSE"}

    def put(self, name: str, data: bytes) -> None:
        google_client(self.endpoint, None).bucket(self.bucket).blob(name).upload_from_string(data)

    def get(self, name: str) -> bytes:
        return bytes(google_client(self.endpoint, None).bucket(self.bucket).blob(name).download_as_bytes())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Served by another process: rasterio holds Python's lock in some calls that wait for an answer."""
    with process(tmp_path_factory.mktemp("gdal")) as (endpoint, _):
        google_client(endpoint, None).create_bucket("rasters")
        yield Place(endpoint, "rasters")


def cloud_optimised(folder: Path, values: np.ndarray[Any, Any]) -> Path:
    plain, path = folder / "plain.tif", folder / "cog.tif"
    height, width = values.shape
    profile = {**PROFILE, "height": height, "width": width, "transform": from_origin(0, 10, 0.001, 0.001)}
    with rasterio.open(plain, "w", **profile) as raster:
        raster.write(values, 1)
    copy(plain, path, driver="COG", compress="deflate", blocksize=256)
    return path


@pytest.fixture
def values() -> np.ndarray[Any, Any]:
    return np.random.default_rng(6).random((1024, 1024), dtype="float32")


def test_reads_a_window_of_a_cog(place: Place, tmp_path: Path, values: np.ndarray[Any, Any]) -> None:
    place.put("cogs/a.tif", cloud_optimised(tmp_path, values).read_bytes())
    with rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR", **place.options):
        with rasterio.open(f"/vsigs/{place.bucket}/cogs/a.tif") as raster:
            assert raster.overviews(1) == [2, 4]
            np.testing.assert_array_equal(raster.read(1, window=((512, 700), (300, 556))), values[512:700, 300:556])
        with rasterio.open(f"gs://{place.bucket}/cogs/a.tif") as raster:
            np.testing.assert_array_equal(raster.read(1), values)


def test_writes_a_raster(place: Place, tmp_path: Path, values: np.ndarray[Any, Any]) -> None:
    profile = {**PROFILE, "height": 1024, "width": 1024, "transform": from_origin(0, 10, 0.001, 0.001)}
    with (
        rasterio.Env(CPL_VSIL_USE_TEMP_FILE_FOR_RANDOM_WRITE="YES", **place.options),
        rasterio.open(f"/vsigs/{place.bucket}/written.tif", "w", **profile) as raster,
    ):
        raster.write(values, 1)
    local = tmp_path / "local.tif"
    local.write_bytes(place.get("written.tif"))
    with rasterio.open(local) as raster:
        np.testing.assert_array_equal(raster.read(1), values)


def run(script: str, *arguments: str, environment: dict[str, str]) -> str:
    """What a script prints, run by a Python of its own."""
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_finds_sidecars_by_listing_the_folder(place: Place, tmp_path: Path, values: np.ndarray[Any, Any]) -> None:
    place.put("cogs/a.tif", cloud_optimised(tmp_path, values).read_bytes())
    place.put("cogs/a.tif.aux.xml", b"<PAMDataset></PAMDataset>")
    with rasterio.Env(**place.options), rasterio.open(f"/vsigs/{place.bucket}/cogs/a.tif") as raster:
        assert [Path(name).name for name in raster.files] == ["a.tif", "a.tif.aux.xml"]


def test_a_missing_object_is_an_error(place: Place) -> None:
    with (
        rasterio.Env(**place.options),
        pytest.raises(rasterio.errors.RasterioIOError, match="does not exist in the file system"),
    ):
        rasterio.open(f"/vsigs/{place.bucket}/cogs/never.tif")


IN_A_PROCESS = """
import sys
import pyogrio, rasterio
bucket = sys.argv[1]
with rasterio.open(f"/vsigs/{bucket}/cogs/a.tif") as raster:
    print(int(raster.read(1).sum(dtype="float64")))
print(sorted(pyogrio.vsi_listtree(f"/vsigs/{bucket}/")))
"""


def test_signs_in_with_a_service_account_key(
    guarded_server: Guarded, guarded_bucket: str, tmp_path: Path, values: np.ndarray[Any, Any]
) -> None:
    """In a process of its own, whose life GDAL keeps credentials for; rasterio and pyogrio bring a GDAL each."""
    server = guarded_server.server
    server.store.write(guarded_bucket, "cogs/a.tif", cloud_optimised(tmp_path, values), "image/tiff")
    for number in range(1500):
        server.store.write(guarded_bucket, f"many/{number:04d}", b"1")
    environment = {
        "CPL_GS_ENDPOINT": server.endpoint + "/",
        "GOOGLE_APPLICATION_CREDENTIALS": str(guarded_server.key),
        "GO2A_AUD": server.endpoint + "/token",
    }
    total, names = run(IN_A_PROCESS, guarded_bucket, environment=environment).splitlines()
    assert int(total) == int(values.sum(dtype="float64"))
    assert names.count("/many/") == 1500
    assert "cogs/a.tif" in names
