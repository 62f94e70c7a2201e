"""`eo-pipeline delete PRODUCT --partitions A..B`: takes partitions out of every store.

What does not belong here: the stores, and the order in which they are emptied (`orchestration.removing.deleting`).
"""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.cancel import chosen
from eo_pipeline.cli.project import find_project, open_instance
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.errors import SettingsError
from eo_pipeline.orchestration.removing.deleting import Stock, check_idle, delete, take_stock
from eo_pipeline.orchestration.removing.holdings import Stores
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource, environment
from eo_pipeline.orchestration.submissions.destinations import Services
from eo_pipeline.steps.delete_partition import ORDER

UNITS = ("bytes", "kB", "MB", "GB", "TB")


@click.command()
@click.argument("product")
@click.option("--partitions", required=True, help="Periods A..B, or one.")
@click.option("--area", "areas", multiple=True, help="Key of an area; may be repeated.  [default: all]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--keep-history", is_flag=True, help="Leave Dagster's records of what was made.")
def command(product: str, partitions: str, areas: tuple[str, ...], *, yes: bool, keep_history: bool) -> None:
    """Delete partitions of a product from every store.

    Tasks are cancelled; tables, cube regions, mosaics, tiles, exported files and assets go, and Dagster's history of
    them. A second call after an interruption finishes the work. Exit code 1 if something is left.
    """
    quiet()
    chain, console = find_project(Path.cwd()).chain(product), Console()
    if keep_history and chain.product.made_here:
        raise SettingsError(
            f"--keep-history: expected a product that is exported, got {product}, whose pixels are composed here: "
            "Dagster's records alone tell which partitions are there; leave it out"
        )
    services = Services(EarthEngineResource(), CloudStorageResource(), DriveResource())
    with open_instance() as instance:
        wanted = chosen(chain, instance, partitions, areas)
        check_idle(instance, chain)
        stores = Stores(instance, chain, services, environment())
        stock = take_stock(stores, wanted, keep_history=keep_history)
        print_stock(product, stock, len(wanted), console)
        if stock.is_empty:
            return
        if not yes:
            click.confirm("Delete all of it? This cannot be undone.", abort=True)
        delete(
            stores,
            wanted,
            keep_history=keep_history,
            tell=lambda told: console.print(Text(told), soft_wrap=True),
        )
    console.print(Text(f"{product}: {len(wanted)} partitions are deleted."), soft_wrap=True)


def print_stock(product: str, stock: Stock, looked_at: int, console: Console) -> None:
    """What would go: a line a kind, with counts and bytes."""
    if stock.is_empty:
        console.print(f"{product}: no store holds anything of {looked_at} partitions; nothing to delete.")
        return
    console.print(f"{product}: of {looked_at} partitions there are:")
    table = Table(box=None, pad_edge=False)
    table.add_column("what")
    for heading in ("places", "files", "size"):
        table.add_column(heading, justify="right")
    if stock.open:
        table.add_row("exports under way", str(len(stock.open)), "", "")
    for kind in ORDER:
        found = [holding for holding in stock.holdings if holding.kind == kind]
        if found:
            files, size = sum(len(h.sizes) for h in found), sum(sum(h.sizes.values()) for h in found)
            table.add_row(kind, str(len(found)), str(files), _size(size) if size else "")
    if known := sum(len(of) for of in stock.history.values()):
        table.add_row("Dagster's records", str(known), "", "")
    console.print(table)
    if stock.shared:
        console.print(
            Text(
                f"The tables of {', '.join(stock.shared)} also hold areas that stay: they are deleted, and measured "
                "again once all mosaics of the period are there."
            ),
            soft_wrap=True,
        )


def _size(count: int) -> str:
    """Bytes for a person."""
    power = min(len(UNITS) - 1, (len(str(count)) - 1) // 3)
    return f"{count / 1000**power:.{1 if power else 0}f} {UNITS[power]}"
