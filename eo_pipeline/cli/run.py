"""`eo-pipeline run PRODUCT`: the whole chain in this process.

What does not belong here: the chain (`orchestration.run`).
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from eo_pipeline.cli.piece_lines import piece_lines
from eo_pipeline.cli.progress import shown_progress
from eo_pipeline.cli.project import find_project, open_instance
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.cli.selection import areas_named, periods_between, wanted_partitions
from eo_pipeline.orchestration.resources import EarthEngineResource, environment
from eo_pipeline.orchestration.run import RunReport, run_partitions
from eo_pipeline.orchestration.schedules import ended_periods

_SHOWN = 3
"""Partitions that are named where many failed for one reason."""

_CAUSES = 10
"""Reasons that are told."""


@click.command()
@click.argument("product")
@click.option("--partitions", help="Periods A..B, or one.  [default: all that have ended]")
@click.option("--area", "areas", multiple=True, help="Key of an area; may be repeated.  [default: all]")
@click.option("--resubmit", is_flag=True, help="Export again although the same export succeeded before: spends again.")
@click.option(
    "--priority", type=click.IntRange(0, 9999), help="Of the tasks; above 100 is urgent.  [default: the product's]"
)
@click.option("--verbose", is_flag=True, help="Let Dagster print every event as well.")
def command(
    product: str,
    partitions: str | None,
    areas: tuple[str, ...],
    *,
    resubmit: bool,
    priority: int | None,
    verbose: bool,
) -> None:
    """Take partitions of a product through every stage, without a daemon.

    Works on the same instance and ledger as the daemon: what was done is not done again. Exit code 1 if a partition
    failed.
    """
    if not verbose:
        quiet()
    project = find_project(Path.cwd())
    chain = project.chain(product)
    console = Console()
    definitions = project.definitions(piece_lines(console))
    instance = open_instance()
    now = datetime.now(UTC)
    periods = [p.key for p in ended_periods(chain, instance, EarthEngineResource(), now=now)]
    wanted = wanted_partitions(areas_named(areas, chain), periods_between(partitions, periods))
    with shown_progress(console) as show:
        report = run_partitions(
            definitions,
            chain,
            wanted,
            instance=instance,
            resubmit=resubmit,
            priority=priority,
            poll_seconds=min(5, environment().poll_seconds),
            progress=lambda stage, done, total: show({stage: (done, total)}),
            tell=lambda said: console.print(Text(said, "yellow"), soft_wrap=True),
            verbose=verbose,
        )
    _print(report, console)
    if not report.succeeded:
        sys.exit(1)


def _print(report: RunReport, console: Console) -> None:
    errors = Console(stderr=True)
    causes = list(report.causes.items())
    for (stage, words), partitions in causes[:_CAUSES]:
        heading = Text.assemble(("failed", "bold red"), f" {stage} of {_listed(partitions)}")
        errors.print(heading, Text(f"  {words}"), sep="\n", soft_wrap=True)
    if len(causes) > _CAUSES:
        errors.print(f"and {len(causes) - _CAUSES} more, in the last runs of Dagster's UI")
    for what, why in report.skipped.items():
        console.print(Text.assemble(("not made", "yellow"), f" {what}: {why}"), soft_wrap=True)
    root = Path(environment().root).absolute() if "://" not in environment().root else environment().root
    if any(report.done.values()):
        console.print(Text(f"Files are below {root}"), soft_wrap=True)


def _listed(partitions: Sequence[str]) -> str:
    shown = ", ".join(partitions[:_SHOWN])
    return shown if len(partitions) <= _SHOWN else f"{len(partitions)} partitions ({shown}, ...)"
