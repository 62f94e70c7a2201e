"""A month's compute against what may be used, from rows and a real event log."""

import dagster as dg
import pytest

from eo_pipeline.core.compute.usage import Metered, Unmetered
from eo_pipeline.core.settings import Settings
from eo_pipeline.orchestration.compute.budget_report import MonthBudget, Queue, month_budget, queue_of
from eo_pipeline.storage.usage_table import UsageTable
from eo_pipeline_tests.core.test_usage import row
from eo_pipeline_tests.orchestration.event_log import HERE, chain, materialise, record, submission

HOUR = 3600.0
SETTINGS = Settings(project="my-project", earth_engine_url="http://here", compute_tier="community")
CHAIN = chain(budget={"eecu_hours_a_month": 8})
ROWS = (
    row("a", product="small", eecu_seconds=2 * HOUR),
    row("b", product="small", eecu_seconds=4 * HOUR),
    row("c", product="small", eecu_seconds=1 * HOUR, state="failed"),
    row("d", product="gone", eecu_seconds=3 * HOUR),
    row("old", product="small", month="2026-10", eecu_seconds=6 * HOUR),
    row("elsewhere", product="small", eecu_seconds=100 * HOUR, service="http://there p"),
    row("run:1:submission", product="small", route="interactive", eecu_seconds=None, requests=5),
)


def report(metered: Metered | Unmetered, queues: dict[str, Queue], *, month: str = "2026-11") -> MonthBudget:
    return month_budget(
        month,
        [CHAIN],
        settings=SETTINGS,
        table=UsageTable(ROWS),
        metered=metered,
        queues=queues,
        shown=["small"],
    )


def test_a_month_against_its_allowances() -> None:
    found = report(Unmetered("not permitted"), {"small": Queue(sent=2)})
    assert (found.used, found.allowance, found.unmetered) == (10.0, 150, "not permitted")
    assert found.share == pytest.approx(10 / 150)
    [product] = found.products
    assert product.totals.exports == {"failed": 1, "succeeded": 2}
    assert (product.totals.requests, product.totals.interactive_eecu_seconds) == (5, None)
    assert (product.used, product.allowance, product.share) == (7.0, 8.0, 7 / 8)
    assert product.cost.eecu_seconds == pytest.approx((2 + 4 + 6) / 3 * HOUR)
    assert product.projected == pytest.approx(7 + 2 * 4)
    assert found.projected == pytest.approx(10 + 2 * 4)


def test_what_was_metered_for_the_whole_project_counts() -> None:
    found = report(Metered({("small", "online"): HOUR, ("", "batch"): 20 * HOUR}), {})
    assert (found.used, found.unmetered) == (21.0, "")
    assert found.products[0].used == 8.0


def test_a_month_that_is_over_has_no_projection() -> None:
    found = report(Unmetered("x"), {}, month="2026-10")
    assert (found.used, found.projected, found.products[0].projected) == (6.0, None, None)


def test_what_is_under_way_and_what_is_held_back(instance: dg.DagsterInstance) -> None:
    record(instance, CHAIN, "whole|2024-01", submission("A"))
    record(instance, CHAIN, "whole|2024-02", submission("B"))
    materialise(instance, CHAIN, "export", "whole|2024-02", {"eo/reported": "projects/p/operations/B"})
    record(instance, CHAIN, "whole|2024-03", submission("", state="held"))
    assert queue_of(instance, CHAIN, service=HERE) == Queue(sent=1, held={"whole|2024-03": "the queue is full"})
