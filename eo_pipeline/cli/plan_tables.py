"""How plans, and what came of them, are printed.

What does not belong here: making them (`orchestration.estimates.plans`).
"""

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.outcome import Compared, Outcome
from eo_pipeline.core.estimates.plan import Plan
from eo_pipeline.core.estimates.spending import Spending

_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def print_plan(plan: Plan, money: Spending, console: Console, *, saved: str) -> None:
    """What it rests on, a line a quantity, advice, and where it was saved."""
    console.print(Text(_wanted(plan)), soft_wrap=True)
    console.print(Text(plan.basis.sentence), soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for heading in ("expected", "8 of 10 lie in"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for row in _rows(plan, money):
        table.add_row(*row)
    console.print(table)
    for text in plan.advice:
        console.print(Text.assemble(("Layout: ", "bold yellow"), text), soft_wrap=True)
    if plan.eecu_seconds is None and plan.exports:
        console.print(
            Text(
                "EECU-hours and time are unknown until something has been exported: --sample 5 exports 5 partitions "
                "for real and estimates from them."
            ),
            soft_wrap=True,
        )
    console.print(
        Text(f"Saved as {saved}; `eo-pipeline plan {plan.product} --past` compares it later."), soft_wrap=True
    )


def _wanted(plan: Plan) -> str:
    wanted = plan.wanted
    free = [
        (wanted.there, "exported already: nothing to pay"),
        (wanted.under_way, "under way: paid for already"),
        (wanted.no_images, "without images"),
        (wanted.interactive, "by interactive requests: no tasks, not estimated"),
    ]
    rest = "".join(f", {number:,} {words}" for number, words in free if number)
    return f"{plan.product}: {wanted.partitions:,} partitions, {wanted.exports:,} to export{rest}."


def _rows(plan: Plan, money: Spending) -> list[tuple[str, str, str, str]]:
    basis = plan.basis
    hours = None if plan.eecu_seconds is None else plan.eecu_seconds.times(1 / 3600)
    at_most = "" if plan.bytes is not None else "as if uncompressed; "
    queue = f"{basis.concurrency} at once ({basis.concurrency_from})"
    rows = [
        ("exports", f"{len(plan.exports):,}", "", ""),
        ("tiles", f"{plan.tiles:,}", "", ""),
        ("pixels", f"{plan.pixels:,}", "", "of one band"),
        ("uncompressed", byte_text(plan.raw_bytes), "", "all bands"),
        _row("in the bucket", plan.bytes, byte_text, ""),
        _row("local disk", plan.disk, byte_text, at_most.rstrip("; ")),
        _row("EECU-hours", hours, _number, ""),
        _row("time", plan.seconds, duration_text, queue),
        _row("compute", money.compute, _dollars, money.prices),
        _row("storage", money.storage, _dollars, f"{at_most}a month in the bucket"),
        _row("egress", money.egress, _dollars, f"{at_most}nothing inside the bucket's region"),
    ]
    if money.share is not None:
        rows.append(_row("allowance", money.share, lambda share: f"{share:.1%}", "of the month's EECU-hours"))
    return rows


def _row(name: str, value: Interval | None, text: Callable[[float], str], note: str) -> tuple[str, str, str, str]:
    if value is None:
        return name, "unknown", "", note
    between = "" if value.low == value.high else f"{text(value.low)} to {text(value.high)}"
    return name, text(value.middle), between, note


def byte_text(size: float) -> str:
    """Bytes with a decimal unit and three digits."""
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.3g} {name}" if size < 1000 * unit else f"{size / unit:,.0f} {name}"
    return f"{size:.0f} B"


def duration_text(seconds: float) -> str:
    """Seconds, minutes, hours or days."""
    for unit, name in ((86_400 * 2, "days"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / (86_400 if name == 'days' else unit):.3g} {name}"
    return f"{seconds:.3g} s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _dollars(value: float) -> str:
    return f"${value:,.0f}" if value >= 100 else f"${value:.2f}"


def print_outcomes(product: str, outcomes: Sequence[Outcome], console: Console) -> None:
    """A line a plan and quantity."""
    if not outcomes:
        console.print(f"No plan of {product} was saved yet: `eo-pipeline plan {product}` makes one.", soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("made", "finished", "", "predicted", "8 of 10 lie in", "actual", "error", "inside"):
        table.add_column(heading, justify="left" if heading in ("made", "") else "right")
    for outcome in outcomes:
        for number, row in enumerate(_outcome_rows(outcome)):
            made = outcome.plan.made[:19].replace("T", " ")
            finished = f"{outcome.finished:,} of {len(outcome.plan.exports):,}"
            table.add_row(*((made, finished) if number == 0 else ("", "")), *row)
    console.print(table)
    known = sum(min(outcome.finished, len(outcome.plan.each_eecu_seconds)) for outcome in outcomes)
    if known:
        inside = sum(outcome.inside for outcome in outcomes)
        console.print(f"Of {known:,} finished exports, {inside:,} used EECU-seconds inside their own interval.")


def _outcome_rows(outcome: Outcome) -> list[tuple[str, ...]]:
    return [
        ("EECU-hours", *_compared(outcome.eecu_seconds, lambda seconds: _number(seconds / 3600))),
        ("in the bucket", *_compared(outcome.bytes, byte_text)),
        ("time", *_compared(outcome.seconds, duration_text)),
    ]


def _compared(found: Compared, text: Callable[[float], str]) -> tuple[str, ...]:
    _, middle, between, _ = _row("", found.predicted, text, "")
    actual = text(found.actual) if found.actual else "none yet"
    error = "" if found.error is None else f"{found.error:+.0%}"
    inside = "" if found.inside is None else "yes" if found.inside else "no"
    return middle, between, actual, error, inside
