from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from eo_pipeline_tests.end_to_end.heights import write_catalog, write_month
from eo_pipeline_tests.end_to_end.pipeline import make_bucket
from eo_pipeline_tests.end_to_end.place import MONTH, Place
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"needs the real data of {SHARED}, which is not there")
    return SHARED


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    home = tmp_path / "dagster"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as found:
        yield found


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One for all tests of a module, with one month of heights; each writes to a destination of its own."""
    folder = tmp_path_factory.mktemp("shared")
    write_month(folder, MONTH, seed=1)
    with running_sandbox(folder / "sandbox", catalog=write_catalog(folder), speed=100) as sandbox:
        make_bucket(sandbox.url)
        yield sandbox


@pytest.fixture
def shared_place(shared_sandbox: SandboxProcess, tmp_path: Path, instance: dg.DagsterInstance) -> Place:
    """A history and a folder of one's own at the shared sandbox; the folder's name is unique there."""
    return Place(tmp_path, shared_sandbox, instance)


@pytest.fixture
def place(tmp_path: Path, instance: dg.DagsterInstance) -> Iterator[Place]:
    write_month(tmp_path, MONTH, seed=1)
    catalog = write_catalog(tmp_path)
    with running_sandbox(tmp_path / "sandbox", catalog=catalog, speed=100) as sandbox:
        make_bucket(sandbox.url)
        yield Place(tmp_path, sandbox, instance)
