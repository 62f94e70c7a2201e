"""The marker `functions` is honest: what it names must be evaluated, and where expected values come from is known."""

import subprocess
import sys
from pathlib import Path

import ee
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.docs.pages import ROOT
from eo_pipeline_tests.sandbox.function_marks import evaluated
from eo_pipeline_tests.sandbox.graph_support import serialising_client, value

SPECIMENS = """
import ee
import pytest
from eo_pipeline_tests.sandbox.graph_support import serialising_client, value


def added():
    with serialising_client():
        assert value(ee.Number(1).add(1)) == 2


@pytest.mark.functions("Number.add", against="python")
def test_honest():
    added()


@pytest.mark.functions("Number.add", "Number.abs", against="python")
def test_too_much():
    added()


@pytest.mark.parametrize("names", ["Number.add", "Number.add Number.sqrt"])
@pytest.mark.functions("{names}", against="python")
def test_by_parameter(names):
    added()


@pytest.mark.functions("Number.add", against="the sandbox")
def test_against_itself():
    added()


@pytest.mark.functions(against="numpy")
def test_without_names():
    added()
"""


def test_what_was_called_and_returned_is_noted() -> None:
    with serialising_client(), evaluated() as names:
        assert value(ee.List([1, 2]).map(lambda n: ee.Number(n).add(1))) == [2, 3]
        with pytest.raises(ServiceError):
            value(ee.List([1]).get(5))
    assert names == {"List.map", "Number.add"}
    with serialising_client():
        value(ee.Number(1).subtract(1))
    assert "Number.subtract" not in names


def test_a_test_that_does_not_evaluate_what_it_names_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from eo_pipeline_tests.sandbox.conftest import pytest_pyfunc_call\n")
    (tmp_path / "test_specimens.py").write_text(SPECIMENS)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-rfp"]
    done = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    outcomes = {
        line.split("::")[1].split(" - ")[0]: line
        for line in done.stdout.splitlines()
        if line.startswith(("PASSED", "FAILED"))
    }
    passed = {name for name, line in outcomes.items() if line.startswith("PASSED")}
    assert passed == {"test_honest", "test_by_parameter[Number.add]"}, done.stdout
    words = "the marker names functions that this test does not have evaluated"
    assert f"{words}: Number.abs" in done.stdout
    assert f"{words}: Number.sqrt" in done.stdout
    assert "expected against= one of numpy, scipy" in done.stdout
    assert "got 'the sandbox'; correct the marker `functions`" in done.stdout
    assert "expected the names of functions in the marker `functions`, got none; name them" in done.stdout
