"""The search for an interpreter, with fake ones on PATH that fail as real ones do."""

import subprocess
import sys
from pathlib import Path

import pytest

from eo_pipeline_tests.make.machines import borrow, put

SCRIPT = Path(__file__).parents[2] / "make" / "find_python.sh"
SHIM = '#!/bin/sh\necho "pyenv: ${0##*/}: command not found" >&2\nexit 127\n'
OLD = "#!/bin/sh\necho 'Python 3.11 is older than 3.12' >&2\nexit 1\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A home and a bin folder with nothing but the system's tools; no interpreter."""
    borrow(tmp_path / "bin", "sh", "mktemp", "rm", "tail", "cat", "ls")
    return tmp_path


def find(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": str(machine / "bin"), "HOME": str(machine), **environment}
    return subprocess.run(
        [machine / "bin/sh", SCRIPT], env=variables, capture_output=True, text=True, check=False, timeout=60
    )


def real(path: Path) -> None:
    """An interpreter that works, under a name of our choice."""
    put(path, f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')


def test_a_failing_shim_is_passed_over_for_one_that_runs(machine: Path) -> None:
    put(machine / "bin/python3.13", SHIM)
    put(machine / "bin/python3.12", SHIM)
    put(machine / "bin/python3", OLD)
    real(machine / "bin/python")
    done = find(machine)
    assert done.returncode == 0
    assert done.stdout.split() == [sys.executable]


def test_pyenv_versions_are_tried_without_their_shims(machine: Path) -> None:
    put(machine / "bin/python3", SHIM)
    put(machine / ".pyenv/versions/3.11.7/bin/python", OLD)
    real(machine / ".pyenv/versions/3.13.0/bin/python")
    assert find(machine).stdout.split() == [sys.executable]


def test_pyenv_root_may_be_elsewhere(machine: Path) -> None:
    real(machine / "opt/pyenv/versions/3.12.1/bin/python")
    assert find(machine, PYENV_ROOT=str(machine / "opt/pyenv")).stdout.split() == [sys.executable]


def test_the_interpreter_a_person_names_comes_first(machine: Path) -> None:
    other = machine / "elsewhere/python-with-own-path"
    put(other, f"#!/bin/sh\necho {other}\n")
    real(machine / "bin/python3.13")
    assert find(machine, PYTHON=str(other)).stdout.split() == [str(other), sys.executable]


def test_an_interpreter_without_venv_or_pip_is_not_taken(machine: Path) -> None:
    put(
        machine / "bin/python3",
        f'#!/bin/sh\nexec "{sys.executable}" -c '
        '"import sys; sys.modules[\'ensurepip\'] = None; exec(sys.argv[1])" "$2"\n',
    )
    done = find(machine)
    assert done.returncode == 1
    assert "python3: ModuleNotFoundError: import of ensurepip halted" in done.stderr


def test_no_interpreter_tells_what_was_tried_and_what_to_do(machine: Path) -> None:
    put(machine / "bin/python3.13", SHIM)
    put(machine / "bin/python3", OLD)
    done = find(machine)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "expected a Python >= 3.12 with venv and pip" in done.stderr
    assert "python3.13: pyenv: python3.13: command not found" in done.stderr
    assert "python3: Python 3.11 is older than 3.12" in done.stderr
    assert "make PYTHON=/path/to/python3.13 test" in done.stderr


def test_the_version_is_asked_of_the_interpreter_itself(machine: Path) -> None:
    put(
        machine / "bin/python3",
        f'#!/bin/sh\nexec "{sys.executable}" -c "import sys; sys.version_info = (3, 11, 9); exec(sys.argv[1])" "$2"\n',
    )
    done = find(machine)
    assert done.returncode == 1
    assert "Python 3.11 is older than 3.12" in done.stderr
