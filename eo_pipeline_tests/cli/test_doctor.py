"""What `doctor` prints and its exit code."""

from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from rich.console import Console

from eo_pipeline.cli.doctor import command, print_findings
from eo_pipeline.steps.diagnose import Finding, Result


def printed(*findings: Finding) -> str:
    stream = StringIO()
    print_findings(findings, Console(file=stream, width=100))
    return stream.getvalue()


def test_a_failure_is_shown_with_its_fix() -> None:
    text = printed(
        Finding("interpreter", Result(True, "Python 3.13")),
        Finding(
            "credentials", Result(False, "expected a key file, got none", "run gcloud auth application-default login")
        ),
        Finding("bucket", Result(None, "not run: needs credentials")),
    )
    assert "credentials: run gcloud auth application-default login" in text
    assert "1 of 3 checks failed" in text
    assert "All is well" not in text


def test_text_in_brackets_is_printed_as_it_is() -> None:
    assert "extent [0, 10] of [bold]x" in printed(Finding("a", Result(True, "extent [0, 10] of [bold]x")))


def set_free_disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Makes every disk have `free` bytes left."""
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr("eo_pipeline.steps.diagnose.shutil.disk_usage", lambda _: usage)


def test_what_is_not_known_is_no_failure_and_says_how_to_tell_it() -> None:
    text = printed(Finding("compute tier", Result(None, "unknown", "set EO_COMPUTE_TIER")))
    assert "compute tier: set EO_COMPUTE_TIER" in text
    assert "All is well" in text


def test_a_long_address_is_not_cut() -> None:
    address = "https://console.developers.google.com/" + "a" * 200
    assert address in printed(Finding("API", Result(False, address))).replace(" ", "").replace("\n", "")


def test_exit_code_1_when_a_check_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_free_disk(monkeypatch, 3_000_000)
    done = CliRunner().invoke(command, ["--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "got 0.0 GB" in done.output
    assert "disk space: free some space, or choose another folder" in done.output
