"""`eo-pipeline demo`: two built-in products through a real daemon, from nothing to maps, tables and cubes.

What does not belong here: the products (`defs`), the processes (`local_stack`).
"""

import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
import dagster as dg
from rich.console import Console

from eo_pipeline.cli.local_stack import UI_PORT, Stack, local_stack
from eo_pipeline.cli.progress import shown_progress
from eo_pipeline.cli.project import Project, find_project
from eo_pipeline.cli.status import print_status
from eo_pipeline.cli.webserver import launch_backfill
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.status import ProductStatus, product_status

LIMIT_SECONDS = 900
QUIET_SECONDS = 2.0
RESULTS = {"mosaics": "*/mosaic/**/*.tif", "tables": "*/zonal_stats/**/*.csv", "cubes": "cubes/*/"}
"""Kinds of results, and where they lie below the data root."""


@click.command()
@click.option(
    "--ui-port", type=click.IntRange(1, 65535), default=UI_PORT, show_default=True, help="Port of Dagster's UI."
)
def command(ui_port: int) -> None:
    """Run two built-in products through a real Dagster daemon against the sandbox.

    Exit code 0 only if every partition of every stage is materialised.
    """
    console = Console()
    project = find_project(Path.cwd())
    chains = [project.chain(name) for name in sorted(project.products)]
    _introduce(chains, console)
    with local_stack(project, ui_port=ui_port) as stack:
        os.environ.update(stack.variables)
        console.print(f"The sandbox is at {stack.sandbox}, Dagster's UI at {stack.ui}", soft_wrap=True)
        console.print("Partitions done of each stage, each an area in a period:\n")
        with dg.DagsterInstance.from_config(str(stack.home)) as instance:
            for chain in chains:
                _backfill(stack, instance, chain)
            statuses = _follow(instance, chains, console)
            _tell(statuses, stack, project, console)
    if not all(status.is_complete for status in statuses):
        sys.exit(1)


def _introduce(chains: Sequence[Chain], console: Console) -> None:
    """What will happen, for somebody who sees it for the first time."""
    console.print(
        f"{len(chains)} products go through every stage. On two to four idle cores that takes some minutes.",
        soft_wrap=True,
    )
    for chain in chains:
        console.print(f"  {chain.product.name}: {chain.product.description}", soft_wrap=True, highlight=False)
    console.print(
        "Starting the sandbox, which stands for Earth Engine and Cloud Storage, and Dagster. Logs: .eo/logs",
        soft_wrap=True,
    )


def _backfill(stack: Stack, instance: dg.DagsterInstance, chain: Chain) -> None:
    """Ask the daemon for every partition's submission; everything downstream follows by itself."""
    keys = chain.by_area_and_period.get_partition_keys(
        current_time=datetime.now(UTC), dynamic_partitions_store=instance
    )
    launch_backfill(stack.ui, chain.key(chain.first_stage).path, keys, title=f"demo: {chain.product.name}")


def _follow(instance: dg.DagsterInstance, chains: Sequence[Chain], console: Console) -> list[ProductStatus]:
    """Show progress until everything is there, or something failed and nothing moves any more."""
    limit = time.monotonic() + LIMIT_SECONDS
    with shown_progress(console) as show:
        while True:
            statuses = [product_status(instance, chain) for chain in chains]
            show(begun(statuses))
            failed = any(stage.failed for status in statuses for stage in status.stages)
            if all(status.is_complete for status in statuses) or failed or time.monotonic() > limit:
                return statuses
            time.sleep(QUIET_SECONDS)


def begun(statuses: Sequence[ProductStatus]) -> dict[str, tuple[int, int]]:
    """How many partitions are done, and of how many, of each first stage and of those after it that have begun."""
    return {
        f"{status.product} {stage.stage}": (stage.done, stage.wanted)
        for status in statuses
        for number, stage in enumerate(status.stages)
        if stage.done or number == 0
    }


def _tell(statuses: Sequence[ProductStatus], stack: Stack, project: Project, console: Console) -> None:
    console.print()
    for status in statuses:
        print_status(status, console)
        console.print()
    for kind, pattern in RESULTS.items():
        found = sorted(stack.root.glob(pattern))
        if found:
            console.print(f"{len(found):4d} {kind:<8} for example {os.path.relpath(found[0], project.root)}")
    if not all(status.is_complete for status in statuses):
        console.print(
            "\nNot everything was made. Failed runs are in Dagster's UI, under Runs; logs are in .eo/logs.",
            soft_wrap=True,
        )
    console.print(
        "\nLook at it: `make ui` (or `eo-pipeline ui`), then open the address that it prints.", soft_wrap=True
    )
