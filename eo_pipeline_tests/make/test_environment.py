"""The environment's script on a tiny project: made once, made anew when half-made, quick when whole.

The tiny project locks nothing and builds itself, so that no package is fetched.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eo_pipeline_tests.make.machines import put

ROOT = Path(__file__).parents[2]
PYPROJECT = """
[build-system]
requires = []
build-backend = "tiny_backend"
backend-path = ["."]

[project]
name = "tiny"
version = "1"
"""
BACKEND = """
import zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as wheel:
        wheel.writestr("tiny_module.py", "")
        wheel.writestr("tiny-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n")
        wheel.writestr("tiny-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("tiny-1.dist-info/RECORD", "")
    return name
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "make", tmp_path / "make")
    (tmp_path / "requirements.lock").write_text("# nothing==0\n")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "tiny_backend.py").write_text(BACKEND)
    return tmp_path


def make_environment(project: Path, python: str = sys.executable) -> str:
    """Runs the script; returns what it printed to both streams."""
    done = subprocess.run(
        ["sh", project / "make/environment.sh"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(project), "PYTHON": python},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_made_once_then_quick_and_made_anew_when_half_made_or_the_lock_changes(project: Path) -> None:
    assert "Making .venv" in make_environment(project)
    subprocess.run([project / ".venv/bin/python", "-c", "import tiny_module"], check=True)

    python = project / ".venv/bin/python"
    whole = python.rename(python.with_name("whole"))
    put(python, '#!/bin/sh\ntouch "$(dirname "$0")/called"\n')
    assert make_environment(project) == ""  # quick: no interpreter is started
    assert not (project / ".venv/bin/called").exists()
    whole.rename(python)

    (project / "pyproject.toml").write_text(PYPROJECT + "# changed\n")
    (project / ".venv/kept").touch()
    assert "Making .venv" not in make_environment(project)
    assert (project / ".venv/kept").exists()

    (project / ".venv/lock.stamp").unlink()  # as a killed installation leaves it
    assert "Making .venv" in make_environment(project)
    assert not (project / ".venv/kept").exists()

    (project / "requirements.lock").write_text("# another==0\n")
    assert "Making .venv" in make_environment(project)
    assert make_environment(project) == ""


def test_an_interpreter_that_cannot_make_a_venv_is_followed_by_the_next(project: Path) -> None:
    broken = project / "broken-python"
    put(
        broken,
        f'#!/bin/sh\ncase "$*" in *"-m venv"*) echo no venv here >&2; exit 1;; *ensurepip*) echo {broken};; '
        f'*) exec "{sys.executable}" "$@";; esac\n',
    )
    put(project / ".pyenv/versions/3.12.9/bin/python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    printed = make_environment(project, str(broken))
    assert f"{broken} could not make a virtual environment; trying the next" in printed
    assert (project / ".venv/project.stamp").exists()


def test_a_second_call_waits_for_the_first(project: Path) -> None:
    (project / ".cache").mkdir()
    with subprocess.Popen(["sleep", "1"]) as first:
        (project / ".cache/environment.pid").write_text(str(first.pid))
        with subprocess.Popen(
            ["sh", project / "make/environment.sh"],
            env={"PATH": "/usr/bin:/bin", "HOME": str(project), "PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            text=True,
        ) as second:
            assert second.stdout is not None
            assert f"Waiting for process {first.pid}" in second.stdout.readline()
            first.wait()
            assert "Making .venv" in second.stdout.read()
    assert not (project / ".cache/environment.pid").exists()
