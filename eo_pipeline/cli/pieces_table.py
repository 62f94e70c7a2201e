"""How a plan of chips, series or points is printed.

What does not belong here: making it (`orchestration.estimates`).
"""

import json

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.plan_tables import byte_text, duration_text
from eo_pipeline.core.estimates.pieces import PiecesPlan

_PIECES = {"chips": "chips", "series": "regions", "points": "points", "zones": "zones"}


def print_pieces_plan(plan: PiecesPlan, console: Console, *, as_json: bool) -> None:
    """A sentence, a line a quantity, and what nobody knows."""
    if as_json:
        click.echo(json.dumps(plan.to_json(), indent=1))
        return
    left = plan.partitions - plan.there
    console.print(
        Text(
            f"{plan.product}: {plan.partitions:,} partitions, {left:,} to ask for piece by piece, {plan.there:,} there "
            "already. No tasks."
        ),
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False, show_header=False)
    for row in _rows(plan):
        table.add_row(*row)
    console.print(table)
    if plan.unknown:
        console.print(
            Text(
                f"Of {plan.unknown:,} partitions only Earth Engine knows how many {_PIECES[plan.what]} they have: they "
                "are left out above. Make one: `run` with --area and --partitions."
            ),
            soft_wrap=True,
        )


def _rows(plan: PiecesPlan) -> list[tuple[str, str, str]]:
    learned = f"as {plan.measured:,} partitions took" if plan.measured else ""
    rows = [
        (_PIECES[plan.what], _number(plan.pieces), "over all periods"),
        ("requests", _number(plan.requests), learned),
        ("time", "unknown" if plan.seconds is None else duration_text(plan.seconds), plan.quota),
        ("EECU-hours", "unknown", "until they are metered: see `eo-pipeline budget`"),
    ]
    if plan.what == "chips":
        rows.insert(2, ("uncompressed", "unknown" if plan.bytes is None else byte_text(plan.bytes), "all bands"))
    return rows


def _number(value: int | None) -> str:
    return "unknown" if value is None else f"{value:,}"
