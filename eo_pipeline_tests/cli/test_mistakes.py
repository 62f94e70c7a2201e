"""A newcomer's mistakes that need no service to be found: each is one message, without a traceback."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.main import main


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made project as the working directory, which holds Dagster's history too."""
    make_project(tmp_path / "fields")
    monkeypatch.chdir(tmp_path / "fields")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "fields"))
    return tmp_path / "fields"


def said(*arguments: str, code: int = 1) -> str:
    """What a command says on standard error, which is all that it says."""
    done: Result = CliRunner().invoke(main, arguments, prog_name="eo-pipeline")
    assert done.exit_code == code
    assert isinstance(done.exception, SystemExit)
    return done.stderr


def test_a_project_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "fields"
    message = f"Error: expected to make {folder}, got: File exists; name a folder that this account may write\n"
    assert said("init", str(folder)) == message


def test_a_pyproject_that_is_no_toml(project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text("[tool.dg\n")
    found = said("status")
    assert found.startswith(f"Error: {file}: expected TOML, got: ")
    assert found.endswith("(at line 1, column 9); correct it\n")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("nonsense: 1\n", 'Received unexpected config entry "nonsense" at the root'),
        ("storage: [\n", "while parsing a flow node expected the node content, but found '<stream end>'"),
    ],
)
def test_settings_that_dagster_cannot_read(project: Path, text: str, cause: str) -> None:
    file = project / "dagster.yaml"
    file.write_text(text)
    found = said("status")
    assert found.startswith(f"Error: {file}: expected Dagster's settings, got: {cause}")
    assert found.endswith("; correct it (`eo-pipeline init` makes a good one)\n")
    assert len(found) < 400


def test_a_project_without_products(project: Path) -> None:
    (project / "products" / "field_ndvi" / "defs.yaml").unlink()
    done = CliRunner().invoke(main, ["status"])
    assert done.exit_code == 1
    assert done.stdout == f"No product yet: add a folder with a defs.yaml to {project / 'products'}.\n"


def test_a_misspelt_field_is_told_with_the_one_that_was_meant(project: Path) -> None:
    file = project / "products" / "field_ndvi" / "defs.yaml"
    lines = file.read_text().replace("composite:", "compozite:").splitlines()
    file.write_text("\n".join(lines))
    line = 1 + next(number for number, text in enumerate(lines) if "compozite:" in text)
    message = f"{file}:{line}: compozite: there is no such field (did you mean composite?); docs/product.md tells"
    assert said("run", "field_ndvi").startswith(f"Error: {message}")


def test_a_port_where_something_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = said("sandbox", "--port", str(port), "--data", str(tmp_path))
    assert found.startswith(f"Error: --port: expected a port that can be listened at, got {port} (Address already in")
    assert found.endswith("another sandbox may run there: use it, end it, or choose another port\n")
