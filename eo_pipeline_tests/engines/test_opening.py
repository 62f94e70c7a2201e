"""From choices to engines, and what is said where one cannot be had."""

import subprocess
import sys

import dask
import pytest
from distributed import Client

from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.engines import open_engine, spawn
from eo_pipeline.engines.dask import Dask
from eo_pipeline.engines.lithops import Lithops
from eo_pipeline.engines.processes import Processes
from eo_pipeline.errors import ServiceUnreachableError, SettingsError
from eo_pipeline_tests.engines import work


def test_each_choice_has_its_engine() -> None:
    assert open_engine(EngineChoice(workers=3)) == Processes(3)
    assert open_engine(EngineChoice("dask", place="tcp://h:1")) == Dask("tcp://h:1")
    assert open_engine(EngineChoice("lithops", place="f.yaml")) == Lithops("f.yaml")


@pytest.mark.parametrize(("choice", "package"), [("dask:tcp://h:1", "distributed"), ("lithops", "lithops")])
def test_a_package_that_is_missing_is_named(choice: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eo_pipeline.engines.opening.find_spec", {}.get)
    kind = choice.partition(":")[0]
    with pytest.raises(SettingsError, match=rf"expected the package {package}, .*install eo-pipeline\[{kind}\]"):
        open_engine(EngineChoice.from_text(choice, field="EO_ENGINE"))


def test_no_scheduler_there() -> None:
    begun = spawn(work.squares, [(1,)], engine=Dask("tcp://127.0.0.1:9"))
    quickly = dask.config.set({"distributed.comm.timeouts.connect": "500ms"})
    with quickly, pytest.raises(ServiceUnreachableError, match="expected a Dask scheduler there, got no") as error:
        next(begun)
    assert error.value.passes


def test_no_configuration_there() -> None:
    with pytest.raises(SettingsError, match=r"engine lithops:/nowhere: expected Lithops's configuration there"):
        next(spawn(work.squares, [(1,)], engine=Lithops("/nowhere")))


def test_a_client_that_was_handed_out_stays_open(cluster: str) -> None:
    with Client(cluster, set_as_default=False) as client:  # type: ignore[no-untyped-call]  # it has no annotations
        assert [outcome.value() for outcome in spawn(work.squares, [(1, 2)], engine=Dask(client=client))] == [5]
        assert client.status == "running"


def test_the_floor_loads_without_what_only_some_engines_need() -> None:
    heavy = "{'distributed', 'lithops', 'numpy', 'matplotlib'}"
    code = f"import sys, eo_pipeline.engines; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
