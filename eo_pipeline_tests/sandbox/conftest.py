"""Fixtures that start the sandbox as a process; see `processes` for other parts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from eo_pipeline_tests.processes import SandboxProcess, running_sandbox


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
