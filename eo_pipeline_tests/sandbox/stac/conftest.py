"""A sandbox with local rasters, and clients of STAC pointed at it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ee
import pystac_client
import pytest

from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.clients import connect


@dataclass(frozen=True)
class Archive:
    """A running sandbox and what reads it."""

    server: SandboxProcess
    client: pystac_client.Client


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, raster_catalog: Path) -> Iterator[Archive]:
    """One sandbox for a module's tests, with a page of four items where the client names no limit."""
    settings = {"stac_page_size": 4, "stac_mislabelled": ["S2B_33UWP_20230604_0_L2A"]}
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), catalog=raster_catalog, settings=settings) as server:
        connect(server)
        yield Archive(server, pystac_client.Client.open(f"{server.url}/stac/v1"))
        ee.Reset()
