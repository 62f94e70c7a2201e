"""What `eo-pipeline budget` prints of a month."""

from dataclasses import replace
from io import StringIO

from rich.console import Console

from eo_pipeline.cli.budget import as_document, print_budget
from eo_pipeline.core.compute.compute_account import Cost
from eo_pipeline.core.compute.usage import ProductTotals
from eo_pipeline.orchestration.compute.budget_report import MonthBudget, ProductBudget, Queue

HOUR = 3600.0
REASON = "the product ndvi used 9.600 of 10 EECU-hours of 2026-11, exports begin again on 2026-12-01"
NDVI = ProductBudget(
    product="ndvi",
    totals=ProductTotals({"failed": 1, "succeeded": 11}, 9 * HOUR, 1234, 0.6 * HOUR),
    used=9.6,
    allowance=10,
    cost=Cost(0.75 * HOUR, known=True),
    queue=Queue(2, {f"west|2024-0{month}": REASON for month in range(1, 6)}),
)
NEW = ProductBudget("new", ProductTotals(), 0.0, None, Cost(), Queue(1))


def printed(report: MonthBudget) -> str:
    console = Console(file=StringIO(), width=120)
    print_budget(report, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_month_with_all_that_is_known() -> None:
    lines = printed(MonthBudget("2026-11", 42.0, 150, "", 43.5, (NDVI,))).splitlines()
    assert lines[0] == (
        "2026-11 (UTC): the project used 42.000 EECU-hours of 150 (28.0%); with what is under way 43.500."
    )
    cells = lines[2].split("  ")
    assert [cell.strip() for cell in cells if cell.strip()] == [
        "ndvi",
        "12 (1 failed or cancelled)",
        "9.000",
        "1,234",
        "0.600",
        "9.600 of 10",
        "11.100",
    ]
    assert lines[3] == f"ndvi: held back 5 (west|2024-01, west|2024-02, west|2024-03 and 2 more): {REASON}"
    assert len(lines) == 4


def test_of_many_reasons_three_are_printed() -> None:
    held = {f"west|{year}": f"reason {year // 2}" for year in range(2000, 2010)}
    lines = printed(MonthBudget("2026-11", 42.0, 150, "", 43.5, (replace(NDVI, queue=Queue(0, held)),))).splitlines()
    assert lines[3:] == [
        "ndvi: held back 2 (west|2000, west|2001): reason 1000",
        "ndvi: held back 2 (west|2002, west|2003): reason 1001",
        "ndvi: held back 2 (west|2004, west|2005): reason 1002",
        "ndvi: and 4 more for other reasons; --json lists them",
    ]


def test_a_month_of_which_little_is_known() -> None:
    lines = printed(MonthBudget("2026-11", 0.0, None, "Cloud Monitoring answered 403: no", None, (NEW,))).splitlines()
    assert lines[0] == (
        "2026-11 (UTC): the project used at least 0.000 EECU-hours; no limit is known, set EO_COMPUTE_TIER."
    )
    assert lines[2].split() == ["new", "0", "0.000", "0", "unmetered", "no", "limit", "unknown"]
    assert lines[3] == "Requests are unmetered: Cloud Monitoring answered 403: no."


def test_the_same_as_json() -> None:
    found = as_document(MonthBudget("2026-11", 42.0, 150, "", 43.5, (NDVI, NEW)))
    assert found["share"] == 42 / 150
    assert found["unmetered"] is None
    assert found["products"]["ndvi"] == {
        "exports": {"failed": 1, "succeeded": 11},
        "batch": 9.0,
        "interactive_requests": 1234,
        "interactive": 0.6,
        "used": 9.6,
        "allowance": 10,
        "share": 0.96,
        "one_more": 0.75,
        "projected": 11.1,
        "queue": {"sent": 2, "held": {f"west|2024-0{month}": REASON for month in range(1, 6)}},
    }
    assert found["products"]["new"]["one_more"] is None
