"""Rates against sums done by hand and against histories whose law is known."""

import numpy as np
import pytest

from eo_pipeline.core.estimates.rates import Observed, Rates, fit
from eo_pipeline_tests.core.estimates.records import work

RANDOM = 7


def fitted(costs: list[float]) -> Rates:
    """One record of a million pixels a month, each with its cost."""
    found = fit([Observed(work(f"month {number}"), cost) for number, cost in enumerate(costs)])
    assert found is not None
    return found


def test_nothing_is_learned_from_nothing_or_from_exports_without_a_cost() -> None:
    assert fit([]) is None
    assert fit([Observed(work(), 0.0)]) is None


def test_twice_the_pixels_cost_twice_as_much() -> None:
    found = fitted([90.0, 100.0, 110.0, 100.0])
    [one, two] = found.each([work(), work(pixels=2_000_000)])
    assert one.middle == pytest.approx(100.0)
    assert (two.low, two.middle, two.high) == pytest.approx((2 * one.low, 2 * one.middle, 2 * one.high))


def test_a_cost_that_does_not_follow_the_pixels_is_one_of_each_export() -> None:
    observed = [Observed(work(f"month {n}", pixels=1000 * 2**n), 50.0 + n % 2) for n in range(8)]
    found = fit(observed)
    assert found is not None
    assert found.measure == "exports"
    assert found.each([work(pixels=10**9)])[0].middle == pytest.approx(50.5)


def test_a_cost_that_follows_the_images_is_one_of_pixels_times_images() -> None:
    observed = [Observed(work(f"month {n}", images=1 + n), 3.0 * (1 + n)) for n in range(8)]
    found = fit(observed)
    assert found is not None
    assert found.measure == "pixels x images"
    assert found.each([work(images=20)])[0].middle == pytest.approx(60.0)
    assert found.each([work()])[0].middle == pytest.approx(3.0 * 4.5)  # the median of 1..8 images


def test_images_that_were_not_always_counted_are_not_used() -> None:
    observed = [Observed(work(f"month {n}", images=1 + n if n else None), 3.0 * (1 + n)) for n in range(8)]
    found = fit(observed)
    assert found is not None
    assert found.measure == "pixels"


def test_one_record_gives_an_interval_from_half_to_twice() -> None:
    [one] = fitted([100.0]).each([work()])
    assert one.low < 65
    assert one.middle == 100
    assert one.high > 150


def test_more_records_of_one_law_give_a_narrower_total() -> None:
    draw = np.random.default_rng(RANDOM)
    wanted = [work(f"later {n}") for n in range(24)]
    widths = []
    for count in (2, 10, 50):
        found = fitted(list(draw.lognormal(3, 0.3, count)))
        widths.append(found.total(wanted, np.random.default_rng(RANDOM)).width)
    assert widths[0] > widths[1] > widths[2]
    assert widths[2] < 1.5


@pytest.mark.parametrize(("known", "wanted"), [(10, 12), (40, 12), (40, 1)])
def test_eight_of_ten_totals_lie_in_their_interval(known: int, wanted: int) -> None:
    draw = np.random.default_rng(RANDOM)
    later = [work(f"later {n}") for n in range(wanted)]
    inside = 0
    for _ in range(60):
        found = fitted(list(draw.lognormal(3, 0.5, known)))
        total = found.total(later, draw)
        inside += float(draw.lognormal(3, 0.5, wanted).sum()) in total
    assert 0.7 <= inside / 60 <= 0.93


def test_exports_of_one_period_share_its_luck() -> None:
    draw = np.random.default_rng(RANDOM)
    luck = draw.lognormal(0, 0.6, 30)
    observed = [Observed(work(f"month {m}", f"a{n}"), 100 * luck[m]) for m in range(30) for n in range(10)]
    found = fit(observed)
    assert found is not None
    one_month = found.total([work("later", f"a{n}") for n in range(10)], np.random.default_rng(1))
    ten_months = found.total([work(f"later {n}", "a0") for n in range(10)], np.random.default_rng(1))
    assert one_month.middle == pytest.approx(ten_months.middle)
    assert one_month.width > 1.8 * ten_months.width


def test_areas_that_no_record_has_seen_add_their_own_doubt() -> None:
    steep = [Observed(work(f"month {m}", f"a{n}"), 10.0 * 4**n) for m in range(20) for n in range(3)]
    found = fit(steep)
    assert found is not None
    known = found.total([work("later", f"a{n}") for n in range(3)], np.random.default_rng(1))
    other = found.total([work("later", f"b{n}") for n in range(3)], np.random.default_rng(1))
    assert other.width > 2 * known.width


def test_imagined_costs_follow_the_law_that_was_seen() -> None:
    draw = np.random.default_rng(RANDOM)
    found = fitted(list(draw.lognormal(3, 0.5, 400)))
    imagined = found.imagine([work(f"later {n}") for n in range(4000)], np.random.default_rng(1))
    assert np.median(imagined) == pytest.approx(np.exp(3), rel=0.1)
    assert np.std(np.log(imagined)) == pytest.approx(0.5, rel=0.15)
