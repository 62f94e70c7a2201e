"""Published prices, added up by hand."""

import pytest

from eo_pipeline.core.compute.prices import Prices


@pytest.mark.parametrize(
    ("hours", "dollars"),
    [
        (0, 0),
        (100, 40),
        (10_000, 4_000),
        (20_000, 4_000 + 2_800),
        (600_000, 4_000 + 490_000 * 0.28 + 100_000 * 0.16),
    ],
)
def test_compute_becomes_cheaper_in_tiers(hours: float, dollars: float) -> None:
    assert Prices().compute(hours) == pytest.approx(dollars)


def test_a_price_of_one_s_own_has_no_tiers() -> None:
    assert Prices(eecu_hour=0.1).compute(600_000) == pytest.approx(60_000)
    assert Prices(eecu_hour=0.0).compute(600_000) == 0


def test_storage_and_egress_are_by_gb_of_1e9_bytes() -> None:
    assert Prices().storage(50e9) == pytest.approx(1.00)
    assert Prices().egress(1e9) == pytest.approx(0.12)
