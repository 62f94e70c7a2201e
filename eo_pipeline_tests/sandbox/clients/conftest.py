"""One sandbox a module that serves the rasters of `rasters`."""

from collections.abc import Iterator

import ee
import pytest

from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.clients import initialize
from eo_pipeline_tests.sandbox.clients.rasters import Rasters, write_rasters


@pytest.fixture(scope="module")
def rasters(tmp_path_factory: pytest.TempPathFactory) -> Rasters:
    return write_rasters(tmp_path_factory.mktemp("rasters"))


@pytest.fixture(scope="module")
def server(rasters: Rasters, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), catalog=rasters.catalog) as server:
        yield server


@pytest.fixture(scope="module")
def earth_engine(server: SandboxProcess) -> Iterator[SandboxProcess]:
    """The server, with `ee` initialised on it."""
    initialize(server)
    yield server
    ee.Reset()
