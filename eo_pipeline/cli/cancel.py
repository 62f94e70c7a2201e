"""`eo-pipeline cancel PRODUCT`: ends exports of partitions on Earth Engine, and what waits for its turn.

What does not belong here: what cancelling a partition means (`orchestration.removing.cancelling`).
"""

from collections.abc import Sequence
from pathlib import Path

import click
import dagster as dg
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.project import find_project, open_instance
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.cli.selection import areas_named, periods_between, wanted_partitions
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.removing.cancelling import Standing, cancel, standings
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services

_SHOWN = 40
"""Partitions that are listed one by one."""


@click.command()
@click.argument("product")
@click.option("--partitions", help="Periods A..B, or one.  [default: all]")
@click.option("--area", "areas", multiple=True, help="Key of an area; may be repeated.  [default: all]")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(product: str, partitions: str | None, areas: tuple[str, ...], *, yes: bool) -> None:
    """End exports of a product on Earth Engine, and what waits for its turn.

    Nothing is sent again until somebody submits the partitions. What was exported or made already stays.
    """
    quiet()
    chain = find_project(Path.cwd()).chain(product)
    if chain.product.made_here:
        raise ProductError(
            f"expected a product that is exported, got {product}, whose pixels are composed here: cancel its runs in "
            "Dagster, nothing of them is kept but whole commits"
        )
    console, services = Console(), Services(EarthEngineResource(), CloudStorageResource(), DriveResource())
    with open_instance() as instance:
        wanted = chosen(chain, instance, partitions, areas)
        found = standings(instance, chain, wanted, services=services)
        to_end = [standing for standing in found if standing.is_open]
        print_standings(product, to_end, len(found), console)
        if not to_end:
            return
        if not yes:
            click.confirm("Cancel them?", abort=True)
        reason = "cancelled by `eo-pipeline cancel`"
        for standing in to_end:
            done = cancel(instance, chain, standing, services=services, reason=reason)
            console.print(Text(done.sentence), soft_wrap=True)
    console.print(
        Text(f"Submit them again with: eo-pipeline run {product}{_options(partitions, areas)}"), soft_wrap=True
    )


def chosen(chain: Chain, instance: dg.DagsterInstance, periods: str | None, areas: Sequence[str]) -> list[str]:
    """Dagster's keys of the partitions that were named, of those that the product has."""
    known = chain.by_period.get_partition_keys(dynamic_partitions_store=instance)
    return [key.text for key in wanted_partitions(areas_named(areas, chain), periods_between(periods, known))]


def _options(partitions: str | None, areas: Sequence[str]) -> str:
    words = [f"--partitions {partitions}"] if partitions else []
    return "".join(f" {word}" for word in [*words, *(f"--area {area}" for area in areas)])


def print_standings(product: str, found: Sequence[Standing], looked_at: int, console: Console) -> None:
    """What would be cancelled, a line a partition."""
    if not found:
        console.print(f"{product}: none of {looked_at} partitions is under way or waits; nothing to cancel.")
        return
    operations = sum(len(standing.active) for standing in found)
    console.print(
        f"{product}: {len(found)} of {looked_at} partitions, {operations} operations on Earth Engine:", soft_wrap=True
    )
    table = Table(box=None, pad_edge=False)
    for heading in ("partition", "submission", "operations"):
        table.add_column(heading)
    for standing in found[:_SHOWN]:
        table.add_row(standing.partition, _submission(standing), _operations(standing))
    console.print(table)
    if len(found) > _SHOWN:
        console.print(f"and {len(found) - _SHOWN} more")


def _submission(standing: Standing) -> str:
    if standing.recorded is None:
        return "not recorded"
    submission = standing.recorded.submission
    return submission.state.value if submission.held is None else f"held: {submission.held.reason}"


def _operations(standing: Standing) -> str:
    return ", ".join(f"{o.name.rsplit('/', 1)[-1]} {o.state.value.lower()}" for o in standing.active) or "none"
