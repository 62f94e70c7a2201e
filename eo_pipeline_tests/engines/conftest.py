"""The three engines: local processes, a Dask cluster of this machine, Lithops on this machine."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from distributed import Client, LocalCluster

from eo_pipeline.engines import Engine
from eo_pipeline.engines.dask import Dask
from eo_pipeline.engines.lithops import Lithops
from eo_pipeline.engines.processes import Processes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler with two workers of one thread, whose nannies start them again."""
    with LocalCluster(  # type: ignore[no-untyped-call]  # it has no annotations
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        silence_logs=50,
        local_directory=str(tmp_path_factory.mktemp("dask")),
    ) as running:
        yield running.scheduler_address


@pytest.fixture(scope="session")
def lithops_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Lithops keeps its files; it decides when it is imported, for good."""
    return tmp_path_factory.mktemp("lithops")


@pytest.fixture(scope="module")
def lithops_config(lithops_folder: Path) -> Iterator[str]:
    """Lithops on four processes of this machine, which find this project, with all its files in a temporary folder."""
    config = lithops_folder / "config.yaml"
    general = {"backend": "localhost", "storage": "localhost", "monitoring_interval": 0.1}
    config.write_text(yaml.safe_dump({"lithops": general, "localhost": {"worker_processes": 4}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(lithops_folder))
        for name, value in (("TMPDIR", lithops_folder), ("HOME", lithops_folder), ("PYTHONPATH", ROOT)):
            patch.setenv(name, str(value))
        yield str(config)


@pytest.fixture
def settled_cluster(cluster: str) -> str:
    """The same, both workers up for a while: a nanny does not start a worker again that dies while it starts it."""
    with Client(cluster, set_as_default=False) as client:  # type: ignore[no-untyped-call]  # it has no annotations
        client.wait_for_workers(2, timeout=20)
    time.sleep(0.5)
    return cluster


@pytest.fixture(params=["processes", "dask", "lithops"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "processes":
        return Processes(4)
    if request.param == "dask":
        return Dask(request.getfixturevalue("settled_cluster"))
    return Lithops(request.getfixturevalue("lithops_config"))
