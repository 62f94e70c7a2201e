"""`eo-pipeline plan`: wrong arguments, each one message; and how a plan and its outcome look."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from eo_pipeline.cli.init import make_project
from eo_pipeline.cli.main import main
from eo_pipeline.cli.plan_tables import byte_text, duration_text, print_outcomes, print_plan
from eo_pipeline.core.estimates.outcome import compare
from eo_pipeline.core.estimates.spending import spending
from eo_pipeline.core.settings import Settings
from eo_pipeline_tests.core.estimates.records import record, work
from eo_pipeline_tests.core.estimates.test_plan import PLAN


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    make_project(tmp_path / "fields")
    monkeypatch.chdir(tmp_path / "fields")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "fields"))
    monkeypatch.setenv("EO_ROOT", str(tmp_path / "data"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "products", raising=False)
    yield tmp_path / "fields"
    sys.modules.pop("products", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["woods"], "got 'woods'; there are field_ndvi"),
        (["field_ndvi", "--partitions", "2019-01"], "--partitions: expected periods of the product (2024-01 to "),
        (["field_ndvi", "--partitions", "2024-03..2024-01"], "--partitions: expected A..B with A before B"),
        (["field_ndvi", "--area", "nowhere"], "--area: expected areas of the product (E0024N0208), got nowhere"),
        (["field_ndvi", "--past", "--sample", "3"], "--past: expected no other choice beside it, got --sample; leave"),
        (
            ["field_ndvi", "--past", "--partitions", "2024-01", "--area", "a"],
            "--past: expected no other choice beside it, got --partitions, --area; leave",
        ),
    ],
)
def test_wrong_arguments_are_one_message(project: Path, arguments: list[str], message: str) -> None:
    done = CliRunner().invoke(main, ["plan", *arguments], prog_name="eo-pipeline")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert done.stderr.startswith("Error: ")
    assert message in done.stderr
    assert not list(project.parent.rglob("plans"))


@pytest.mark.parametrize("count", ["0", "-1", "some"])
def test_a_sample_is_a_number_above_0(project: Path, count: str) -> None:
    assert project.is_dir()
    done = CliRunner().invoke(main, ["plan", "field_ndvi", "--sample", count], prog_name="eo-pipeline")
    assert done.exit_code == 2
    assert "Invalid value for '--sample'" in done.stderr


def test_a_saved_plan_that_cannot_be_read_is_named(project: Path) -> None:
    file = project.parent / "data" / "field_ndvi" / "plans" / "2026.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    done = CliRunner().invoke(main, ["plan", "field_ndvi", "--past"], prog_name="eo-pipeline")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {file}: expected a plan of version 1, got version None")


def test_no_plan_yet(project: Path) -> None:
    assert project.is_dir()
    done = CliRunner().invoke(main, ["plan", "field_ndvi", "--past"], prog_name="eo-pipeline")
    assert done.output == "No plan of field_ndvi was saved yet: `eo-pipeline plan field_ndvi` makes one.\n"


def printed(console: Console) -> list[str]:
    return [" ".join(line.split()) for line in console.export_text().splitlines()]


def test_a_plan_says_each_number_with_its_interval() -> None:
    console = Console(record=True, width=110, file=sys.stderr)
    settings = Settings(compute_tier="community")
    print_plan(PLAN, spending(PLAN, settings), console, saved="there.json")
    lines = printed(console)
    assert lines[0] == (
        "fields: 5 partitions, 2 to export, 1 exported already: nothing to pay, 1 under way: paid for already, "
        "1 without images."
    )
    assert lines[1] == "From 12 finished exports of this product."
    assert "in the bucket 200 B 150 B to 300 B" in lines
    assert "local disk unknown" in lines
    assert "EECU-hours 0.00556 0.00417 to 0.00833" in lines
    assert "time 1.83 min 1.67 min to 2 min 3 at once (observed)" in lines
    assert "compute $0.00 non-commercial" in lines
    assert "allowance 0.0% 0.0% to 0.0% of the month's EECU-hours" in lines
    assert "Layout: smaller" in lines
    assert lines[-1] == "Saved as there.json; `eo-pipeline plan fields --past` compares it later."


def test_what_came_of_a_plan() -> None:
    console = Console(record=True, width=130, file=sys.stderr)
    done = record(work(), eecu=36_000.0, run=50.0, queue=10.0, ended=1000.0, size=90)
    print_outcomes("fields", [compare(PLAN, {"a|1": done}), compare(replace(PLAN, bytes=None), {})], console)
    lines = printed(console)
    assert "2026-11-21 10:00:00 1 of 2 EECU-hours 0.00139 0.00104 to 0.00208 10 -100% no" in lines
    assert "in the bucket 100 B 75 B to 150 B 90 B +11% yes" in lines
    assert "time unknown 1 min" in lines
    assert "in the bucket unknown none yet" in lines
    assert lines[-1] == "Of 1 finished exports, 0 used EECU-seconds inside their own interval."


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (235_929_600, "236 MB"), (3.2e15, "3,200 TB")]
)
def test_bytes_for_a_person(size: float, text: str) -> None:
    assert byte_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.25, "4.25 s"), (90, "1.5 min"), (5400, "1.5 h"), (86_400, "24 h"), (259_200, "3 days")]
)
def test_seconds_for_a_person(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
