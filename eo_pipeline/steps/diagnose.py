"""Checks of a machine and its accounts, each with the fix for its failure.

What belongs here: the frame (`Check`, `Result`, `diagnose`) and checks that need no client. What does not: printing,
and the checks of Earth Engine and storage (`diagnose_services`).
"""

import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from eo_pipeline.errors import EoPipelineError

OLDEST_PYTHON = (3, 12)
NEEDED_DISK_GB = 5.0


@dataclass(frozen=True)
class Result:
    """What one check found.

    Attributes:
        ok: True if nothing has to be done; None if nothing is known, which is no failure, or if it was not run because
            a check it needs did not pass.
        detail: what was found, for a person.
        fix: what to do; empty if ok, or if the detail says it already.
    """

    ok: bool | None
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Attributes:
        name: what is checked, in a word or three; unique in a list of checks.
        run: looks and answers; an `EoPipelineError` it raises is a failure with that message.
        needs: names of earlier checks without which this one says nothing.
    """

    name: str
    run: Callable[[], Result]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A check's name with its result."""

    name: str
    result: Result


def diagnose(checks: Iterable[Check]) -> tuple[Finding, ...]:
    """Runs checks in order; one that needs a check which did not pass is left out with that reason."""
    findings: list[Finding] = []
    for check in checks:
        passed = {finding.name for finding in findings if finding.result.ok}
        missing = [name for name in check.needs if name not in passed]
        result = Result(None, f"not run: needs {', '.join(missing)}") if missing else _run(check)
        findings.append(Finding(check.name, result))
    return tuple(findings)


def _run(check: Check) -> Result:
    try:
        return check.run()
    except EoPipelineError as error:
        return Result(False, str(error))


def check_interpreter(version: tuple[int, int] = sys.version_info[:2]) -> Result:
    """Whether Python is new enough."""
    found = f"Python {version[0]}.{version[1]} ({sys.executable})"
    if version >= OLDEST_PYTHON:
        return Result(True, found)
    return Result(
        False,
        f"expected Python >= {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]}, got {found}",
        "install a newer Python and make the environment again with it",
    )


def check_disk(folder: Path, needed_gb: float = NEEDED_DISK_GB) -> Result:
    """Whether the disk of `folder` (or of its nearest existing parent) has `needed_gb` (1e9 bytes) free."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free_gb = shutil.disk_usage(existing).free / 1e9
    if free_gb >= needed_gb:
        return Result(True, f"{free_gb:.1f} GB free for {folder}")
    return Result(
        False,
        f"expected at least {needed_gb:.1f} GB free for {folder}, got {free_gb:.1f} GB",
        "free some space, or choose another folder for results",
    )


def local_checks(folder: Path) -> tuple[Check, ...]:
    """The checks that need neither a network nor an account; results would go to `folder`."""
    return (
        Check("interpreter", check_interpreter),
        Check("disk space", lambda: check_disk(folder)),
    )
