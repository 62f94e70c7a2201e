"""`eo-pipeline budget`: what was computed in a month, what may be, and what waits for the next.

What does not belong here: putting it together (`orchestration.compute.budget_report`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.cli.project import Project, find_project, open_instance
from eo_pipeline.cli.quiet import quiet
from eo_pipeline.core.compute.usage import SECONDS_AN_HOUR, month_of
from eo_pipeline.earth_engine.metering import meter
from eo_pipeline.errors import ProductError
from eo_pipeline.orchestration.chain import Chain, of_earth_engine
from eo_pipeline.orchestration.compute.budget_report import MonthBudget, ProductBudget, month_budget, queue_of
from eo_pipeline.orchestration.compute.usage import brought_up_to_date, with_metered
from eo_pipeline.orchestration.resources import environment
from eo_pipeline.storage.places import open_place
from eo_pipeline.storage.usage_table import read_usage

HEADINGS = ("product", "exports", "EECU-hours", "requests", "their EECU-hours", "its budget", "at the month's end")

_REASONS_SHOWN = 3


@click.command()
@click.option("--month", help="Month as 2026-11, UTC.  [default: this month]")
@click.option("--product", help="Only this product.  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(month: str | None, product: str | None, *, as_json: bool) -> None:
    """Tell what was computed in a month, what may be, and what is held back.

    Asks Cloud Monitoring, and Earth Engine nothing. Writes nothing.
    """
    quiet()
    report = _report(find_project(Path.cwd()), month or month_of(datetime.now(UTC)), product)
    if as_json:
        click.echo(json.dumps(as_document(report), indent=2))
    else:
        print_budget(report, Console())


def _report(project: Project, month: str, product: str | None) -> MonthBudget:
    settings, now = environment(), datetime.now(UTC)
    chains = _chains(project, product)
    names = [chain.product.name for chain in chains]
    metered = meter(settings, month)
    with open_instance() as instance:
        table = brought_up_to_date(read_usage(open_place(settings)), instance, chains)
        present = month == month_of(now)
        queues = {c.product.name: queue_of(instance, c, service=settings.service) for c in chains if present}
    return month_budget(
        month,
        chains,
        settings=settings,
        table=with_metered(table, names, month, metered, service=settings.service, now=now),
        metered=metered,
        queues=queues,
        shown=[product] if product else names,
    )


def _chains(project: Project, product: str | None) -> list[Chain]:
    """Every product that computes in Earth Engine and whose declaration is right."""
    if product is not None and project.chain(product).product.made_here:
        raise ProductError(
            f"expected a product of Earth Engine's, got {product}, whose pixels are composed here: it computes nothing "
            "there; name another"
        )
    chains = [found.chain for _, found in sorted(project.products.items()) if found.chain is not None]
    if not of_earth_engine(chains):
        raise ProductError(
            f"expected a product of Earth Engine's in {project.defs}, found none; add a folder with a defs.yaml"
        )
    return of_earth_engine(chains)


def as_document(report: MonthBudget) -> dict[str, Any]:
    """The report as JSON holds it; compute in EECU-hours, null where it is not known."""
    return {
        "month": report.month,
        "used": report.used,
        "allowance": report.allowance,
        "share": report.share,
        "projected": report.projected,
        "unmetered": report.unmetered or None,
        "products": {product.product: _document(product) for product in report.products},
    }


def _document(product: ProductBudget) -> dict[str, Any]:
    totals = product.totals
    return {
        "exports": dict(totals.exports),
        "batch": totals.batch_eecu_seconds / SECONDS_AN_HOUR,
        "interactive_requests": totals.requests,
        "interactive": _hours(totals.interactive_eecu_seconds),
        "used": product.used,
        "allowance": product.allowance,
        "share": product.share,
        "one_more": _hours(product.cost.eecu_seconds if product.cost.known else None),
        "projected": product.projected,
        "queue": None if product.queue is None else asdict(product.queue),
    }


def _hours(eecu_seconds: float | None) -> float | None:
    return None if eecu_seconds is None else eecu_seconds / SECONDS_AN_HOUR


def print_budget(report: MonthBudget, console: Console) -> None:
    """One sentence on the project, a table of products, then what is held back and what is not known."""
    console.print(Text(_sentence(report)), soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == "product" else "right")
    for product in report.products:
        table.add_row(product.product, *_cells(product), style=_style(product))
    console.print(table)
    for product in report.products:
        _print_held(product, console)
    if report.unmetered:
        console.print(Text(f"Requests are unmetered: {report.unmetered}."), soft_wrap=True)


def _sentence(report: MonthBudget) -> str:
    known = "at least " if report.unmetered else ""
    limit = "; no limit is known, set EO_COMPUTE_TIER"
    if report.allowance is not None:
        limit = f" of {report.allowance:,g} ({report.share or 0:.1%})"
    coming = "" if report.projected is None else f"; with what is under way {report.projected:,.3f}"
    return f"{report.month} (UTC): the project used {known}{report.used:,.3f} EECU-hours{limit}{coming}."


def _cells(product: ProductBudget) -> tuple[str, ...]:
    totals, ended = product.totals, sum(product.totals.exports.values())
    lost = ended - totals.exports.get("succeeded", 0)
    interactive = _hours(totals.interactive_eecu_seconds)
    return (
        f"{ended} ({lost} failed or cancelled)" if lost else str(ended),
        f"{totals.batch_eecu_seconds / SECONDS_AN_HOUR:,.3f}",
        f"{totals.requests:,}",
        "unmetered" if interactive is None else f"{interactive:,.3f}",
        "no limit" if product.allowance is None else f"{product.used:,.3f} of {product.allowance:,g}",
        "unknown" if product.projected is None else f"{product.projected:,.3f}",
    )


def _style(product: ProductBudget) -> str:
    return "yellow" if product.queue is not None and product.queue.held else ""


def _print_held(product: ProductBudget, console: Console) -> None:
    held: Mapping[str, str] = {} if product.queue is None else product.queue.held
    by_reason: dict[str, list[str]] = {}
    for partition, reason in held.items():
        by_reason.setdefault(reason, []).append(partition)
    for reason, partitions in list(by_reason.items())[:_REASONS_SHOWN]:
        some = ", ".join(partitions[:3]) + (f" and {len(partitions) - 3} more" if len(partitions) > 3 else "")
        console.print(
            Text.assemble((product.product, "yellow"), f": held back {len(partitions)} ({some}): {reason}"),
            soft_wrap=True,
        )
    others = [partition for partitions in list(by_reason.values())[_REASONS_SHOWN:] for partition in partitions]
    if others:
        console.print(f"{product.product}: and {len(others)} more for other reasons; --json lists them", soft_wrap=True)
