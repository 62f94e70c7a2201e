"""Statistics of sums in physical units, against plain numpy on physical values."""

import numpy as np
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.from_sums import from_sums, valid_share
from eo_pipeline.core.zonal.measures import Rule
from eo_pipeline.core.zonal.wanted import Wanted
from eo_pipeline_tests.core.zonal.pixels import sums_of

VALUES = np.array([3.0, 3.0, 5.0, np.nan, 8.0, 20.0, np.nan])
WHOLE = np.ones(7)
SHARES = np.array([0.2, 1.0, 1.0, 0.5, 0.75, 0.05, 1.0])
NOTHING = (np.array([np.nan, np.nan]), np.ones(2))
NOWHERE = (np.array([]), np.array([]))


def weighted(statistic: str, values: np.ndarray, weights: np.ndarray) -> float:
    """The statistic of physical values by plain numpy."""
    mean = np.average(values, weights=weights)
    variance = np.average((values - mean) ** 2, weights=weights)
    return float(
        {
            "count": weights.sum(),
            "sum": (values * weights).sum(),
            "mean": mean,
            "var": variance,
            "std": np.sqrt(variance),
            "min": values.min(),
            "max": values.max(),
            "range": np.ptp(values),
        }[statistic]
    )


@pytest.mark.parametrize("rule", [Rule.CENTER, Rule.FRACTIONAL])
@pytest.mark.parametrize("scale", [1.0, 0.1, -0.1])
@pytest.mark.parametrize("statistic", ["count", "sum", "mean", "var", "std", "min", "max", "range"])
def test_they_are_those_of_physical_values(statistic: str, scale: float, rule: Rule) -> None:
    band = BandEncoding("b", "float32", scale=scale, offset=-40.0)
    shares = SHARES if rule is Rule.FRACTIONAL else WHOLE
    there = ~np.isnan(VALUES)
    found = from_sums(statistic, sums_of([[(VALUES, shares)]]), 0, Wanted((band,), rule=rule))
    assert found.tolist() == [pytest.approx(weighted(statistic, VALUES[there] * scale - 40.0, shares[there]))]


@pytest.mark.parametrize(("rule", "nodata"), [(Rule.CENTER, 2.0), (Rule.ALL_TOUCHED, 2.0), (Rule.FRACTIONAL, 1.5)])
def test_pixels_without_a_value_are_counted(rule: Rule, nodata: float) -> None:
    shares = SHARES if rule is Rule.FRACTIONAL else WHOLE
    sums = sums_of([[(VALUES, shares)], [NOTHING], [NOWHERE]])
    wanted = Wanted((BandEncoding("b", "float32"),), rule=rule)
    assert from_sums("nodata", sums, 0, wanted).tolist() == pytest.approx([nodata, 2, 0])
    missing = nodata / shares.sum()
    assert from_sums("nodata_share", sums, 0, wanted)[:2].tolist() == pytest.approx([missing, 1])
    assert valid_share(sums, 0)[:2].tolist() == pytest.approx([1 - missing, 0])
    assert np.isnan(valid_share(sums, 0)[2]), "a zone without pixels has no share"


def test_a_line_counts_pixels_but_weighs_by_metres() -> None:
    metres = np.array([2.0, 10.0, 4.0, 10.0, 14.0, 3.0, 1.0])
    wanted = Wanted((BandEncoding("b", "float32"),), kind="lines")
    sums = sums_of([[(VALUES, metres)]])
    there = ~np.isnan(VALUES)
    assert from_sums("count", sums, 0, wanted).tolist() == [5]
    assert from_sums("nodata", sums, 0, wanted).tolist() == [2]
    assert from_sums("mean", sums, 0, wanted)[0] == pytest.approx(np.average(VALUES[there], weights=metres[there]))
    assert valid_share(sums, 0)[0] == pytest.approx(33 / 44)


@pytest.mark.parametrize("statistic", ["sum", "mean", "var", "std", "min", "max", "range"])
def test_no_usable_pixel_is_null_and_counts_0(statistic: str) -> None:
    wanted = Wanted((BandEncoding("b", "float32", scale=-2.0, offset=1.0),))
    sums = sums_of([[NOTHING], [NOWHERE]])
    assert np.isnan(from_sums(statistic, sums, 0, wanted)).all()
    assert from_sums("count", sums, 0, wanted).tolist() == [0, 0]
