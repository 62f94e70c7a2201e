"""The group: help by section, lazy imports, errors as one message."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from eo_pipeline.cli.main import main
from eo_pipeline.cli.table import COMMANDS, CommandEntry
from eo_pipeline.errors import TilesError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_table_says_what_the_command_says(entry: CommandEntry) -> None:
    command = import_module(entry.module).command
    assert isinstance(command, click.Command)
    assert command.help is not None
    assert command.help.partition("\n")[0] == entry.summary


def test_help_shows_each_command_once_under_its_section() -> None:
    lines = CliRunner().invoke(main, ["--help"]).output.splitlines()
    for section in dict.fromkeys(entry.section for entry in COMMANDS):
        start = lines.index(f"{section}:")
        block = lines[start + 1 : lines.index("", start)]
        first_lines = [line for line in block if line[2] != " "]  # a long summary goes on below, further in
        assert [line.split()[0] for line in first_lines] == [
            entry.name for entry in COMMANDS if entry.section == section
        ]


def test_help_imports_neither_dagster_nor_earth_engine_nor_arrays() -> None:
    code = (
        "import sys\nfrom eo_pipeline.cli.main import main\nmain(['--help'], standalone_mode=False)\n"
        "print(sorted({'dagster', 'ee', 'numpy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_an_error_of_the_project_is_one_message_without_a_traceback() -> None:
    code = (
        "from eo_pipeline.cli import doctor\nfrom eo_pipeline.cli.main import main\n"
        "from eo_pipeline.errors import TilesError\n"
        "def fail(*_):\n    raise TilesError('expected 4 tiles, got 3: submit the export again')\n"
        "doctor.diagnose = fail\nmain(['doctor'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "Error: expected 4 tiles, got 3: submit the export again\n"


def test_another_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("eo_pipeline.cli.doctor.diagnose", fail)
    with pytest.raises(ZeroDivisionError):
        CliRunner().invoke(main, ["doctor"], catch_exceptions=False)


def test_the_cause_of_a_message_is_kept_for_programmers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        msg = "expected 4 tiles, got 3"
        raise TilesError(msg)

    monkeypatch.setattr("eo_pipeline.cli.doctor.diagnose", fail)
    with pytest.raises(click.ClickException, match="expected 4 tiles, got 3") as caught:
        main(["doctor"], standalone_mode=False)
    assert isinstance(caught.value.__cause__, TilesError)


def settings_seen(folder: Path, **environment: str) -> str:
    """Runs the group in a folder with a .env file; returns two settings as a command sees them."""
    (folder / ".env").write_text("DAGSTER_HOME=${PWD}/home\nBUCKET=from-file\n")
    code = (
        "import os\nfrom eo_pipeline.cli import doctor\nfrom eo_pipeline.cli.main import main\n"
        "doctor.diagnose = lambda _: print(os.environ['DAGSTER_HOME'], os.environ['BUCKET']) or ()\nmain(['doctor'])"
    )
    variables = {"PATH": "/usr/bin:/bin", "PWD": str(folder), "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=variables, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[0]


def test_settings_come_from_the_folder_s_env_file_and_the_environment_wins(tmp_path: Path) -> None:
    assert settings_seen(tmp_path) == f"{tmp_path}/home from-file"
    assert settings_seen(tmp_path, BUCKET="from-environment") == f"{tmp_path}/home from-environment"


def test_an_unknown_command_is_named() -> None:
    done = CliRunner().invoke(main, ["tset"])
    assert done.exit_code == 2
    assert "No such command 'tset'" in done.output
