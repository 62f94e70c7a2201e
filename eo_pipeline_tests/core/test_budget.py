"""Budgets of a month, by plain arithmetic in hours."""

from datetime import UTC, datetime

import pytest

from eo_pipeline.core import keys
from eo_pipeline.core.compute.budget import Allowance, Allowed, HeldBack, allowance_of, decide_budget
from eo_pipeline.core.compute.compute_account import Account, Cost, open_account
from eo_pipeline.core.compute.usage import Metered, Unmetered
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline_tests.core.test_usage import row

HOUR = 3600.0
MONTH = "2026-11"
HERE = "http://here my-project"
UNMETERED = Unmetered("not permitted")


def account(used: float = 0, product: float = 0, flying: float = 0, cost: float | None = 1) -> Account:
    """Of numbers in EECU-hours."""
    return Account(
        MONTH,
        used * HOUR,
        {"ndvi": product * HOUR},
        {"ndvi": flying * HOUR},
        {} if cost is None else {"ndvi": Cost(cost * HOUR, known=True)},
    )


@pytest.mark.parametrize(
    ("found", "fits"),
    [
        (account(used=0), True),
        (account(used=90, flying=4, cost=1), True),  # 95 of 100: just what the reserve leaves
        (account(used=90, flying=4, cost=1.01), False),
        (account(used=94, flying=1.5, cost=0), False),
        (account(used=200), False),
    ],
)
def test_a_project_s_exports_fit_below_the_reserve(found: Account, fits: bool) -> None:
    assert isinstance(decide_budget(found, "ndvi", Allowance(project=100)), Allowed) == fits


def test_a_product_s_own_budget_counts_what_it_used_itself() -> None:
    allowance = Allowance(project=1000, product=10)
    assert decide_budget(account(used=500, product=8.5), "ndvi", allowance) == Allowed()
    assert isinstance(decide_budget(account(used=500, product=8.6), "ndvi", allowance), HeldBack)
    assert isinstance(decide_budget(account(used=500, product=8, flying=0.6), "ndvi", allowance), HeldBack)
    assert isinstance(decide_budget(account(used=949.5), "ndvi", allowance), HeldBack)  # the project's


def test_others_in_flight_count_for_the_project_only() -> None:
    found = Account(MONTH, 90 * HOUR, {}, {"other": 5 * HOUR}, {"ndvi": Cost(HOUR, known=True)})
    assert isinstance(decide_budget(found, "ndvi", Allowance(project=100)), HeldBack)
    assert decide_budget(found, "ndvi", Allowance(product=100)) == Allowed()


def test_the_reason_gives_the_numbers_and_when_it_begins_again() -> None:
    held = decide_budget(account(used=140, product=7, flying=1.5, cost=2.25), "ndvi", Allowance(150, 10))
    assert held == HeldBack(
        "the product ndvi used 7.000 of 10 EECU-hours of 2026-11, exports in flight are expected to use 1.500 and one "
        "more 2.250; 5% are kept in reserve, so exports begin again on 2026-12-01 at 00:00 UTC, or when the budget is "
        "raised"
    )
    held = decide_budget(account(used=1000, cost=None), "ndvi", Allowance(project=1000))
    assert isinstance(held, HeldBack)
    assert held.reason.startswith("the project used 1,000.000 of 1,000 EECU-hours of 2026-11, ")
    assert "and one more an unknown number (counted as 0);" in held.reason


def test_an_unknown_cost_is_said_and_counts_nothing() -> None:
    said = decide_budget(account(used=94, cost=None), "ndvi", Allowance(project=100))
    assert said == Allowed(
        "what an export of ndvi costs is unknown until one has succeeded; it was counted as 0 EECU-hours"
    )
    assert isinstance(decide_budget(account(used=95, cost=None), "ndvi", Allowance(project=100)), HeldBack)


def test_without_tier_and_budget_nothing_is_ever_held_back() -> None:
    assert allowance_of("", None) == Allowance(None, None)
    assert decide_budget(account(used=1e9, product=1e9, cost=None), "ndvi", Allowance()) == Allowed()


def test_a_budget_of_nothing_holds_back_everything() -> None:
    assert isinstance(decide_budget(account(cost=0), "ndvi", Allowance(product=0)), HeldBack)


def test_tiers_have_their_published_hours() -> None:
    published = {"community": 150, "contributor": 1000, "partner": 100_000}
    assert {tier: allowance_of(tier, 5).project for tier in published} == published
    assert allowance_of("partner", 5).product == 5
    assert [allowance_of(*given).limited for given in (("", None), ("", 0), ("partner", None))] == [False, True, True]


def operation(name: str, state: State, seconds: float, *, product: str = "", ended: str = "") -> Operation:
    request = keys.request_id(digest="a" * 40, generation=1)
    words = keys.description(
        product=product, area_key="west", period_key="2024-01", destination="b/", request_id=request
    )
    return Operation(name, state, words if product else "a colleague's", eecu_seconds=seconds, ended=ended)


def opened(metered: Metered | Unmetered = UNMETERED) -> Account:
    rows = [
        row("a", eecu_seconds=100.0),
        row("b", eecu_seconds=300.0),  # listed as well
        row("old", month="2026-10", eecu_seconds=50.0, ended=datetime(2026, 10, 5, tzinfo=UTC)),
        row("elsewhere", eecu_seconds=1e6, service="http://there my-project"),
        row("run:1:submission", route="interactive", eecu_seconds=None, requests=3),
    ]
    operations = [
        operation("b", State.SUCCEEDED, 300.0, product="ndvi", ended="2026-11-06T00:00:00Z"),
        operation("c", State.FAILED, 40.0, product="ndvi", ended="2026-11-07T00:00:00Z"),
        operation("d", State.SUCCEEDED, 1000.0, ended="2026-11-07T00:00:00Z"),
        operation("e", State.SUCCEEDED, 7.0, ended="2026-10-31T23:59:59Z"),
        operation("f", State.RUNNING, 30.0, product="ndvi"),
        operation("g", State.RUNNING, 400.0, product="ndvi"),
        operation("h", State.PENDING, 0.0, product="other"),
        operation("i", State.RUNNING, 5.0),
    ]
    return open_account(MONTH, ["ndvi", "other"], rows=rows, operations=operations, metered=metered, service=HERE)


def test_rows_and_listed_operations_are_laid_over_each_other() -> None:
    found = opened()
    assert found.used_by_product == {"ndvi": 100 + 300 + 40, "other": 0}
    assert found.used == 100 + 300 + 40 + 1000
    assert found.expected("ndvi") == Cost((100 + 300 + 50) / 3, known=True)
    assert found.expected("other") == Cost(0.0, known=False)
    assert found.in_flight_by_product == {"ndvi": 150 + 400, "other": 0, "": 5}
    assert found.in_flight == 555


def test_what_was_metered_counts_where_it_is_more() -> None:
    less = Metered({("ndvi", "batch"): 1.0, ("ndvi", "online"): 2.0})
    assert opened(less).used == 1440
    assert opened(less).used_by("ndvi") == 440 + 2
    more = Metered({("ndvi", "batch"): 900.0, ("ndvi", "online"): 2.0, ("", "online"): 5000.0})
    assert opened(more).used == 5902
    assert opened(more).used_by("ndvi") == 902


def test_more_sent_are_more_in_flight() -> None:
    assert opened().with_more("ndvi", 0) == opened()
    assert opened().with_more("ndvi", 3).in_flight_of("ndvi") == 550 + 3 * 150
    assert opened().with_more("other", 3).in_flight_of("other") == 0
