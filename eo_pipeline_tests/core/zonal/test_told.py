"""What must be asked of a service, and what it tells as results, against plain numpy."""

import numpy as np
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.entries import Results, entries, numbers
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.told import Asked, Told, asked_of_service, results_of
from eo_pipeline.core.zonal.wanted import Wanted

BAND = BandEncoding("b", "int16", nodata=-1, scale=0.5, offset=-3.0)
FLOAT = BandEncoding("f", "float32")


def wanted(*statistics: str, rule: Rule = Rule.CENTER, band: BandEncoding = BAND) -> Wanted:
    return Wanted((band,), statistics, rule=rule)


def told_of(results: Results, what: Wanted) -> dict[str, float]:
    """Every statistic of the first zone."""
    return {entry.statistic: float(numbers(entry, what, results)[0]) for entry in entries(what)}


@pytest.mark.parametrize(
    ("statistics", "rule", "asked"),
    [
        (("count",), Rule.CENTER, Asked(by_share=False, powers=0, extremes=False, values=False)),
        (("mean", "max"), Rule.CENTER, Asked(by_share=False, powers=1, extremes=True, values=False)),
        (("var", "median"), Rule.CENTER, Asked(by_share=False, powers=2, extremes=False, values=True)),
        (("sum",), Rule.FRACTIONAL, Asked(by_share=True, powers=1, extremes=False, values=False)),
        (("range",), Rule.FRACTIONAL, Asked(by_share=True, powers=0, extremes=False, values=True)),
    ],
)
def test_no_more_is_asked_than_is_needed(statistics: tuple[str, ...], rule: Rule, asked: Asked) -> None:
    assert asked_of_service(wanted(*statistics, rule=rule)) == asked


def test_sums_and_all_different_numbers_tell_what_the_pixels_tell() -> None:
    stored = np.array([4, 4, 10, 7, 7, 7, 20], np.float64)
    values, times = np.unique(stored, return_counts=True)
    what = wanted("count", "mean", "std", "min", "range", "median", "percentile_30", "mode", "minority", "nodata")
    told = Told(
        whole=9.0,
        valid=7.0,
        first=stored.sum(),
        second=(stored**2).sum(),
        count=7,
        values=tuple(values.tolist()),
        amounts=tuple(times.astype(float).tolist()),
    )
    physical = stored * 0.5 - 3.0
    assert told_of(results_of({0: (told,)}, what, np.array([True])), what) == pytest.approx(
        {
            "count": 7,
            "mean": physical.mean(),
            "std": physical.std(),
            "min": physical.min(),
            "range": np.ptp(physical),
            "median": np.median(physical),
            "percentile_30": np.percentile(physical, 30),
            "mode": 7 * 0.5 - 3.0,
            "minority": 10 * 0.5 - 3.0,
            "nodata": 2,
        }
    )


def test_a_share_of_a_pixel_is_enough_for_a_value() -> None:
    """No centre is inside, so that the service counts no pixel."""
    what = wanted("count", "mean", "max", "valid_share", rule=Rule.FRACTIONAL, band=FLOAT)
    told = Told(whole=0.25, valid=0.25, first=0.25 * 1.5, values=(1.5,), amounts=(0.25,))
    found = told_of(results_of({0: (told,)}, what, np.array([True])), what)
    assert found == {"count": 0.25, "mean": 1.5, "max": 1.5, "valid_share": 1.0}


def test_of_zones_that_are_not_there_only_a_count_is_known() -> None:
    what = wanted("count", "mean", "nodata", "median")
    found = told_of(results_of({}, what, np.array([False])), what)
    assert found.pop("count") == 0
    assert np.isnan(list(found.values())).all()


def test_equal_values_have_no_spread_whatever_rounding_makes_of_their_squares() -> None:
    what, stored = wanted("std", band=FLOAT), np.full(1000, 123.456)
    told = Told(whole=1000, valid=1000, first=stored.sum(), second=(stored**2).sum(), count=1000)
    assert told_of(results_of({0: (told,)}, what, np.array([True])), what) == {"std": 0.0}
