"""`eo-pipeline status [PRODUCT]`: partitions by stage and state.

What does not belong here: counting them (`orchestration.status`).
"""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.project import find_project, open_instance
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.orchestration.status import ProductStatus, product_status


@click.command()
@click.argument("product", required=False)
def command(product: str | None) -> None:
    """Tell how far a product is, or every product of the project.

    Exit code 1 if a product is not complete, its declaration is wrong, or there is none.
    """
    quiet()
    project = find_project(Path.cwd())
    names = [product] if product else sorted(project.products)
    console = Console()
    if not names:
        console.print(f"No product yet: add a folder with a defs.yaml to {project.defs}.", soft_wrap=True)
        sys.exit(1)
    wrong = [name for name in names if name in project.products and project.products[name].chain is None]
    for name in wrong:
        console.print(Text.assemble((name, "bold red"), f": {project.products[name].problem}"), soft_wrap=True)
    instance = open_instance()
    statuses = [product_status(instance, project.chain(name)) for name in names if name not in wrong]
    for status in statuses:
        print_status(status, console)
    if wrong or not all(status.is_complete for status in statuses):
        sys.exit(1)


def print_status(status: ProductStatus, console: Console) -> None:
    """One sentence and one table a product, a line a stage, then why partitions are held back."""
    console.print(Text(status.sentence), soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for heading in ("stage", "wanted", "done", "without images", "stale", "held back", "failed", "withdrawn"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for stage in status.stages:
        style = "green" if not stage.behind else "red" if stage.failed else "yellow"
        numbers = (stage.wanted, stage.done, stage.no_images, stage.stale, stage.held, stage.failed, stage.withdrawn)
        table.add_row(stage.stage, *(str(number) for number in numbers), style=style)
    console.print(table)
    for sentence in status.held_sentences:
        console.print(Text(sentence, "yellow"), soft_wrap=True)
