"""How a plan of scenes is printed. What does not belong here: making it (`orchestration.estimates.scene_plans`)."""

import json
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.plan_tables import byte_text
from eo_pipeline.cli.problems import print_problems
from eo_pipeline.orchestration.estimates.scene_plans import ScenePlan


def print_scene_plan(plan: ScenePlan, console: Console, *, as_json: bool) -> None:
    """A line a number, then what could not be asked about."""
    if as_json:
        click.echo(json.dumps({**asdict(plan), "scenes": len(plan.scenes)}, indent=1))
        return
    console.print(
        Text(f"{plan.product}: {plan.wanted} partitions, {plan.current} of them in the cube as they would be today."),
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    for what, number in _lines(plan):
        table.add_row(what, number)
    console.print(table)
    console.print(Text("Nothing is charged: pixels are read and composed here."), soft_wrap=True)
    print_problems(plan.problems, console)


def _lines(plan: ScenePlan) -> list[tuple[str, str]]:
    return [
        ("shards", f"{plan.shards:,}"),
        ("  discarded", f"{plan.discarded:,} ({plan.discarded_share:.0%}): ocean, or outside the area of interest"),
        ("  without scenes", f"{plan.without_scenes:,}"),
        ("  to be made", f"{plan.to_make:,}"),
        ("scenes", f"{len(plan.scenes):,}, at most {plan.most_scenes:,} of one shard"),
        ("reads", f"{plan.reads:,} scenes of shards"),
        ("numbers to be written", f"{byte_text(plan.bytes)} before compression"),
    ]
