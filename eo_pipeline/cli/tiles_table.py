"""How a plan of aligned tiles is printed. Not here: making it (`orchestration.estimates.tile_plans`)."""

import json
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.plan_tables import byte_text
from eo_pipeline.cli.problems import print_problems
from eo_pipeline.orchestration.estimates.tile_plans import PeriodTiles, TilesPlan

_HEADINGS = ("period", "tiles", "missing", "outside", "shards", "ocean", "without tiles", "to copy", "numbers")


def print_tiles_plan(plan: TilesPlan, console: Console, *, as_json: bool) -> None:
    """A line a period, then what could not be asked about."""
    if as_json:
        click.echo(json.dumps({**asdict(plan), "current": plan.current, "bytes": plan.bytes}, indent=1))
        return
    held = f"{plan.product}: {plan.wanted} periods, {plan.current} of them in the cube as they would be today."
    console.print(Text(held), soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == "period" else "right")
    for period in plan.periods:
        table.add_row(*_row(period))
    console.print(table)
    console.print(
        Text(
            f"{byte_text(plan.bytes)} before compression are to be copied. Nothing is charged: tiles are copied as "
            "they are. Missing places are those that other periods have; - is for what nobody looked at."
        ),
        soft_wrap=True,
    )
    print_problems(plan.problems, console)


def _row(period: PeriodTiles) -> list[str]:
    return [
        period.period,
        f"{period.there:,}",
        f"{len(period.missing):,}",
        "-" if period.outside is None else f"{len(period.outside):,}",
        f"{period.shards:,}",
        f"{period.discarded:,} ({period.discarded_share:.0%})",
        f"{period.without_tiles:,}",
        f"{period.to_copy:,}",
        byte_text(period.bytes),
    ]
