"""Money, from published prices by hand."""

from dataclasses import replace

import pytest

from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.spending import spending
from eo_pipeline.core.settings import Settings
from eo_pipeline_tests.core.estimates.test_plan import PLAN

BIG = replace(PLAN, eecu_seconds=Interval(36_000, 360_000, 3_600_000), bytes=Interval(1e9, 1e12, 2e12))


def test_published_prices() -> None:
    found = spending(BIG, Settings())
    assert found.compute == Interval(4, 40, 400)
    assert found.storage.middle == pytest.approx(20)
    assert found.egress.middle == pytest.approx(120)
    assert found.share is None
    assert found.prices == "published prices since 2025-09-01"


def test_prices_of_a_contract() -> None:
    found = spending(BIG, Settings(eecu_hour_price=0.2, egress_price=0.0))
    assert found.compute == Interval(2, 20, 200)
    assert found.egress.high == 0
    assert found.prices.endswith(", but EO_EECU_HOUR_PRICE and EO_EGRESS_PRICE as set")


def test_a_non_commercial_project_pays_no_compute_but_uses_its_allowance() -> None:
    found = spending(BIG, Settings(compute_tier="contributor", eecu_hour_price=0.2))
    assert found.compute == Interval(0, 0, 0)
    assert found.share == Interval(0.01, 0.1, 1)


def test_tiles_that_are_deleted_once_collected_are_not_stored() -> None:
    assert spending(BIG, Settings(), kept=False).storage.high == 0
    assert spending(BIG, Settings(), kept=False).egress.middle == pytest.approx(120)


def test_what_does_not_go_to_a_bucket_costs_no_storage_and_no_egress() -> None:
    found = spending(BIG, Settings(), in_bucket=False)
    assert (found.storage.high, found.egress.high) == (0, 0)
    assert found.compute is not None
    assert found.compute.middle == 40


def test_what_is_unknown_has_no_price_but_bytes_have_a_bound() -> None:
    found = spending(replace(PLAN, eecu_seconds=None, bytes=None, raw_bytes=10**12), Settings())
    assert found.compute is None
    assert found.storage.middle == pytest.approx(20)
    assert found.to_json()["compute"] is None
