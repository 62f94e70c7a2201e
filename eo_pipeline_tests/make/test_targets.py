"""The Makefile's help, the gate `.ci/run` and the installation of Debian packages, with stand-ins for the tools."""

import re
import subprocess
from pathlib import Path

import pytest

from eo_pipeline_tests.make.machines import borrow, put

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def test_help_explains_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    assert phony is not None
    done = subprocess.run(["make", "-s", "-C", ROOT], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    explained = [line.split()[1] for line in done.stdout.splitlines()]
    assert sorted(explained) == sorted(phony.group(1).split())
    assert all(len(line.split()) > 3 for line in done.stdout.splitlines())


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """A folder with .ci/run and a Makefile whose targets only say their name."""
    put(tmp_path / ".ci/run", (ROOT / ".ci/run").read_text())
    put(tmp_path / ".venv/bin/python", "#!/bin/sh\necho numpy==0\n")
    (tmp_path / "Makefile").write_text("environment check test test-system:\n\t@echo made $@; ! grep -qsx $@ failing\n")
    return tmp_path


def run_gate(gate: Path) -> subprocess.CompletedProcess[str]:
    environment = ENVIRONMENT | {"CI": "true"}
    return subprocess.run(
        [gate / ".ci/run"],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_gate_makes_every_part(gate: Path) -> None:
    done = run_gate(gate)
    assert done.returncode == 0
    assert re.findall(r"^made (.*)$", done.stdout, flags=re.MULTILINE) == [
        "environment",
        "check",
        "test",
        "test-system",
    ]
    assert done.stdout.splitlines()[-1] == "=== passed"


@pytest.mark.parametrize("part", ["check", "test", "test-system"])
def test_the_gate_fails_with_any_part_and_still_runs_the_others(gate: Path, part: str) -> None:
    (gate / "failing").write_text(part)
    done = run_gate(gate)
    assert done.returncode == 1
    assert "made test-system" in done.stdout
    assert done.stdout.splitlines()[-1] == f"=== failed: {part}"


def test_the_gate_stops_without_an_environment(gate: Path) -> None:
    (gate / "failing").write_text("environment")
    done = run_gate(gate)
    assert done.returncode == 1
    assert "made check" not in done.stdout


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A bin folder without Chromium and without apt-get."""
    borrow(tmp_path, "sh", "ls", "env")
    put(tmp_path / "id", "#!/bin/sh\necho 1000\n")
    return tmp_path


def install(machine: Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "make/debian_packages.sh"
    environment = {"PATH": str(machine)}
    return subprocess.run([machine / "sh", script], env=environment, capture_output=True, text=True, check=False)


def test_a_machine_without_apt_get_is_told_what_to_install(machine: Path) -> None:
    done = install(machine)
    assert done.returncode == 1
    assert "expected chromium and postgresql on a machine with apt-get, missing: chromium" in done.stderr


def test_what_is_missing_is_installed_as_root(machine: Path) -> None:
    put(machine / "apt-get", f'#!/bin/sh\necho "apt-get $*" >>{machine}/log\n')
    put(machine / "sudo", f'#!/bin/sh\necho sudo >>{machine}/log\nexec "$@"\n')
    assert install(machine).returncode == 0
    lines = (machine / "log").read_text().splitlines()
    assert lines[:2] == ["sudo", "apt-get update -qq"]
    assert lines[2] == "sudo"
    assert lines[3].startswith("apt-get install -y -qq --no-install-recommends chromium")


def test_nothing_is_installed_when_all_is_there(machine: Path) -> None:
    put(machine / "chromium", "#!/bin/sh\n")
    put(machine / "ls", "#!/bin/sh\n")
    assert install(machine).returncode == 0
