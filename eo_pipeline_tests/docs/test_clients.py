"""The lines of docs/sandbox_clients.md, run as they stand against a sandbox."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import ee
import icechunk
import numpy as np
import pyogrio
import pytest
import rasterio
import xarray
from gcsfs.core import GCSFileSystem
from google.cloud import storage
from obstore.store import GCSStore
from rasterio.io import MemoryFile

from eo_pipeline_tests.docs.pages import ROOT, code_blocks
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.clients import Clients, connect

PAGE = (ROOT / "docs/sandbox_clients.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8900"
LIBRARIES = {
    "ee": ee, "icechunk": icechunk, "pyogrio": pyogrio, "rasterio": rasterio, "xarray": xarray,
    "storage": storage, "GCSFileSystem": GCSFileSystem, "GCSStore": GCSStore,
}  # fmt: skip
LINES = {
    client: lines.split("`<br>`")
    for client, lines in re.findall(r"^\| `([^`]+)` \| `(.+=.+)` \|$", PAGE, flags=re.MULTILINE)
}


def months(found: Any) -> bool:
    return found.sizes == {"time": 2, "y": 10, "x": 20} and bool(np.isfinite(found["temperature_2m"]).all())


FOUND: dict[str, Callable[[Any], bool]] = {
    "ee": lambda found: found == ["elevation"],
    "xee": months,
    "GDAL: EEDAI": lambda found: (found["driver"], found["dtype"], found["count"]) == ("EEDAI", "int16", 1),
    "GDAL: EEDA": lambda found: len(found) == 2 and set(found["band_crs"]) == {"EPSG:4326"},
    "GDAL: /vsigs/": lambda found: (found["driver"], found["width"], found["height"]) == ("GTiff", 3, 2),
    "google-cloud-storage": lambda found: found == b"some text",
    "gcsfs": lambda found: found == b"some text",
    "obstore": lambda found: found == b"some text",
    "icechunk": lambda found: found == {"main"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """With a bucket that holds a text and a raster; `ee` is initialised, as the page says for clients built on it."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as server:
        fill(connect(server))
        yield server
        ee.Reset()


def fill(clients: Clients) -> None:
    bucket = clients.storage.create_bucket("my-bucket")
    bucket.blob("some.txt").upload_from_string(b"some text")
    profile = {"driver": "GTiff", "dtype": "uint8", "count": 1, "width": 3, "height": 2, "crs": "EPSG:4326"}
    with MemoryFile() as memory:
        with memory.open(transform=rasterio.Affine(1, 0, 0, 0, -1, 2), **profile) as file:
            file.write(np.ones((1, 2, 3), "u1"))
        bucket.blob("some.tif").upload_from_string(memory.read())


def test_each_client_of_the_table_has_two_lines_and_a_check() -> None:
    assert set(LINES) == set(FOUND)
    assert all(len(lines) == 2 for lines in LINES.values())


@pytest.mark.parametrize("client", LINES)
def test_the_lines_of_a_client_reach_the_sandbox(server: SandboxProcess, client: str) -> None:
    [common] = code_blocks(PAGE, "python")
    assert ADDRESS in common
    names: dict[str, Any] = dict(LIBRARIES)
    for line in (common.replace(ADDRESS, server.url), *LINES[client]):
        exec(line, names)  # noqa: S102 - a line of our own page
    assert FOUND[client](names["found"])
