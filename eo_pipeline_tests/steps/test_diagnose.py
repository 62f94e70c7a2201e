"""Checks run in order; what cannot be checked says why; an error is a failure with its message."""

import shutil
from pathlib import Path

from eo_pipeline.errors import CredentialsError
from eo_pipeline.steps.diagnose import Check, Finding, Result, check_disk, check_interpreter, diagnose


def test_an_error_is_a_failure_and_what_needs_it_is_not_run() -> None:
    def no_credentials() -> Result:
        msg = "expected a key file, got none"
        raise CredentialsError(msg)

    def never() -> Result:
        msg = "must not run"
        raise AssertionError(msg)

    findings = diagnose(
        [
            Check("disk", lambda: Result(True, "plenty")),
            Check("credentials", no_credentials),
            Check("project", never, needs=("disk", "credentials")),
            Check("budget", never, needs=("project",)),
        ]
    )
    assert findings == (
        Finding("disk", Result(True, "plenty")),
        Finding("credentials", Result(False, "expected a key file, got none")),
        Finding("project", Result(None, "not run: needs credentials")),
        Finding("budget", Result(None, "not run: needs project")),
    )


def test_an_old_interpreter_fails_with_its_fix() -> None:
    result = check_interpreter((3, 11))
    assert result.ok is False
    assert result.detail.startswith("expected Python >= 3.12, got Python 3.11")
    assert "newer Python" in result.fix


def test_this_interpreter_passes() -> None:
    assert check_interpreter().ok is True


def test_disk_space_of_a_folder_that_does_not_exist_is_its_parent_s(tmp_path: Path) -> None:
    free_gb = shutil.disk_usage(tmp_path).free / 1e9
    assert check_disk(tmp_path / "not/there", needed_gb=free_gb / 2).ok is True
    short = check_disk(tmp_path / "not/there", needed_gb=free_gb + 1000)
    assert short.ok is False
    assert f"expected at least {free_gb + 1000:.1f} GB free" in short.detail
    assert short.fix


def test_a_relative_folder_is_that_of_the_working_directory() -> None:
    assert check_disk(Path(), needed_gb=0).ok is True
