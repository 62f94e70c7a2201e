"""`eo-pipeline cube stale PRODUCT`: which partitions a cube would hold otherwise if they were made today.

What does not belong here: finding them (`orchestration.scenes.stale`).
"""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.problems import print_problems
from eo_pipeline.cli.progress import shown_progress
from eo_pipeline.cli.project import find_project, open_instance
from eo_pipeline.cli.selection import areas_named, periods_between, wanted_partitions
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.resources import environment
from eo_pipeline.orchestration.scenes.opening import open_inputs
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.orchestration.scenes.stale import Stale, stale_partitions
from eo_pipeline.storage.places import cube_address


@click.command()
@click.argument("product")
@click.option("--partitions", help="Periods A..B, or one.  [default: all]")
@click.option("--area", "areas", multiple=True, help="Key of an area; may be repeated.  [default: all]")
def stale(product: str, partitions: str | None, areas: tuple[str, ...]) -> None:
    """List partitions whose scenes or tiles, recipe or land are not those that the cube was made of.

    Asks the source about every partition that was made; reads no pixels and changes nothing. Exit code 1 if something
    is stale, or could not be asked about.
    """
    chain, console = find_project(Path.cwd()).chain(product), Console()
    cube = chain.product.cube
    if not chain.product.made_here or cube is None:
        raise ProductError(
            f"expected a product whose pixels are composed here, got {product}; what Earth Engine exported is asked "
            f"about by `eo-pipeline run {product}` and the sensor late_images"
        )
    with open_instance() as instance, shown_progress(Console(stderr=True)) as show:
        work = open_inputs(chain, ScenesResource(), instance)
        known = chain.by_period.get_partition_keys(dynamic_partitions_store=instance)
        wanted = wanted_partitions(areas_named(areas, chain), periods_between(partitions, known))
        found = stale_partitions(
            instance,
            work,
            cube_address(environment(), cube.repository, cube.store),
            [key.text for key in wanted],
            lambda done, total: show({"asked": (done, total)}),
        )
    print_stale(chain, found, console)
    if found.stale or found.problems:
        sys.exit(1)


def print_stale(chain: Chain, found: Stale, console: Console) -> None:
    """A sentence, a line a stale partition, and what could not be asked about."""
    name = chain.product.name
    console.print(Text(f"{name}: {len(found.stale)} of {found.made} partitions are stale."), soft_wrap=True)
    if found.stale:
        table = Table(box=None, pad_edge=False)
        for heading in ("period", "area", "shards", "why"):
            table.add_column(heading, justify="right" if heading == "shards" else "left")
        for one in found.stale:
            table.add_row(one.period_key, one.area_key, str(len(one.shards)), one.reason)
        console.print(table)
        console.print(Text(f"Make them again with: eo-pipeline run {name} --partitions ..."), soft_wrap=True)
    print_problems(found.problems, console)
