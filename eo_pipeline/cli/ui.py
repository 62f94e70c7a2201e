"""`eo-pipeline ui`: the sandbox and Dagster's UI on the project of this folder, until Ctrl-C.

What does not belong here: the processes (`local_stack`).
"""

import os
import shlex
from collections.abc import Mapping
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
        environment = project.root / ".eo" / "environment"
        environment.write_text(as_exports(stack.variables), encoding="utf-8")
        _tell(stack, products, environment)
        try:
            stack.wait()
        except KeyboardInterrupt:
            click.echo("\nEnding the sandbox and Dagster.")


def as_exports(variables: Mapping[str, str]) -> str:
    """Lines of a file that a shell reads with `.`, so that other commands work on this stack."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _tell(stack: Stack, products: list[str], environment: Path) -> None:
    example = f"{stack.ui}/assets/{products[0]}" if products else f"{stack.ui}/assets"
    click.echo(f"""
Dagster's UI   {stack.ui}
Earth Engine   {stack.sandbox} (the sandbox, which serves Cloud Storage too)
Results        {os.path.relpath(stack.root)}

What to click:
  Lineage: the chain of each product, from its submission to its table and cube
  {example}/submission: Materialize, choose partitions; all that follows runs by itself
  {example}/mosaic: choose a partition to see its picture
  Automation: the sensors (on) and the daily schedules (off)

In another terminal, `. {os.path.relpath(environment)}` lets eo-pipeline preview, run and status work on the same.
Ctrl-C ends it.""")
