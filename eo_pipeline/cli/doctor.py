"""`eo-pipeline doctor`: prints what was checked, what was found and how to mend it.

What does not belong here: the checks themselves (`steps.diagnose` and the clients' modules).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.steps.diagnose import Finding, diagnose, local_checks

MARKS = {True: Text("ok", style="green"), False: Text("failed", style="bold red"), None: Text("-", style="dim")}


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder that will hold results; its disk is checked.  [default: this folder]",
)
def command(data: Path) -> None:
    """Check this machine and your accounts, with a fix for each failure.

    Exit code 1 if any check failed.
    """
    findings = diagnose(local_checks(data))
    print_findings(findings, Console())
    if any(finding.result.ok is False for finding in findings):
        sys.exit(1)


def print_findings(findings: Sequence[Finding], console: Console) -> None:
    """Prints one line a check, then each failure's fix."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        table.add_row(MARKS[finding.result.ok], finding.name, Text(finding.result.detail))
    console.print(table)
    failures = [finding for finding in findings if finding.result.ok is False]
    for failure in failures:
        if failure.result.fix:
            console.print(Text(f"\n{failure.name}: {failure.result.fix}"))
    console.print(Text(f"\n{len(failures)} of {len(findings)} checks failed" if failures else "\nAll is well"))
