"""`eo-pipeline ui`: the sandbox and Dagster's UI on the project of this folder, until Ctrl-C.

What does not belong here: the processes (`local_stack`).
"""

import os
from pathlib import Path

import click

from eo_pipeline.cli.local_stack import UI_PORT, Stack, local_stack
from eo_pipeline.cli.project import find_project


@click.command()
@click.option(
    "--ui-port",
    type=click.IntRange(1, 65535),
    default=UI_PORT,
    show_default=True,
    help="Port of Dagster's UI; another one if it is taken.",
)
def command(ui_port: int) -> None:
    """Look at the project's products in Dagster's UI, with the sandbox behind it.

    Shows what `eo-pipeline demo` made in the same folder, and can make more. Runs until Ctrl-C.
    """
    project = find_project(Path.cwd())
    products = sorted(project.products)
    click.echo("Starting the sandbox and Dagster; their logs are in .eo/logs.")
    with local_stack(project, ui_port=ui_port) as stack:
        _tell(stack, products)
        try:
            stack.wait()
        except KeyboardInterrupt:
            click.echo("\nEnding the sandbox and Dagster.")


def _tell(stack: Stack, products: list[str]) -> None:
    example = f"{stack.ui}/assets/{products[0]}" if products else f"{stack.ui}/assets"
    files = os.path.relpath(stack.root)
    click.echo(f"""
Dagster's UI   {stack.ui}
Earth Engine   {stack.sandbox} (the sandbox, which serves Cloud Storage too)
files          {files}

What to click:
  Lineage, or {stack.ui}/asset-groups    the chains from submission to table and cube
  {example}/mosaic    choose a partition: its picture, bands, size
  {example}/submission    Materialize: choose partitions; all that follows runs by itself
  Automation    the sensors (on) and the daily schedules (off)

Ctrl-C ends it.""")
