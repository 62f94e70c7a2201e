"""Fixtures that start the sandbox as a process (see `processes` for others), and what the marker `functions` means."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import ee
import pytest

from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.sandbox.clients import Clients, connect, write_catalog
from eo_pipeline_tests.sandbox.function_marks import claims_of, evaluated


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fails a test that names functions in its marker and does not have them evaluated."""
    named = {claim.function for claim in claims_of(pyfuncitem)}
    if not named:
        return (yield)
    with evaluated() as called:
        result = yield
    if missing := sorted(named - called):
        pytest.fail(
            f"the marker names functions that this test does not have evaluated: {', '.join(missing)}; "
            "evaluate them in the test's own process (`graph_support`), or take them out of the marker"
        )
    return result


@pytest.fixture
def start_sandbox(tmp_path: Path) -> Iterator[Callable[..., SandboxProcess]]:
    """Starts sandboxes with chosen settings; all of them end with the test."""
    with ExitStack() as stack:

        def start(data: Path = tmp_path / "sandbox", **options: object) -> SandboxProcess:
            return stack.enter_context(running_sandbox(data, **options))  # type: ignore[arg-type]  # passed on as is

        yield start


@pytest.fixture(scope="module")
def sandbox_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox with default settings for the tests of a module."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as server:
        yield server


@pytest.fixture(scope="module")
def raster_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalog(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory, raster_catalog: Path) -> Iterator[Clients]:
    """One sandbox for a module's tests, small windows and files so that exports have several of them."""
    changes = {"export_window": 200, "export_file_bytes": 2 * 256 * 256}
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), settings=changes, catalog=raster_catalog) as server:
        yield connect(server)
        ee.Reset()


@pytest.fixture
def start_clients(start_sandbox: Callable[..., SandboxProcess], raster_catalog: Path) -> Callable[..., Clients]:
    """Starts a sandbox with chosen settings and connects to it."""
    return lambda **options: connect(start_sandbox(catalog=raster_catalog, **options))
