"""Statistics of zones: names and physical units."""

import math
from typing import Any

import numpy as np
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.statistics import check_statistics, physical, raw_names
from eo_pipeline.errors import ProductError

ALL = ("count", "mean", "sum", "std", "min", "max", "median", "range", "majority", "minority", "unique", "nodata")
STORED = np.array([3, 3, 5, 8, 20])


def plainly(statistic: str, values: Any) -> float:
    """The statistic of values by plain numpy."""
    kinds, counts = np.unique(values, return_counts=True)
    percent = float(statistic.removeprefix("percentile_")) if statistic.startswith("percentile") else 50
    return float(
        {
            "count": values.size,
            "mean": values.mean(),
            "sum": values.sum(),
            "std": values.std(),
            "min": values.min(),
            "max": values.max(),
            "median": np.median(values),
            "range": np.ptp(values),
            "majority": kinds[counts.argmax()],
            "unique": kinds.size,
        }.get(statistic, np.percentile(values, percent))
    )


@pytest.mark.parametrize("scale", [1.0, 0.1, -0.1])
@pytest.mark.parametrize(
    "statistic",
    ["count", "mean", "sum", "std", "min", "max", "median", "range", "majority", "unique", "percentile_10"],
)
def test_statistics_of_stored_numbers_become_those_of_physical_ones(statistic: str, scale: float) -> None:
    band = BandEncoding("b", "int16", scale=scale, offset=-40.0)
    raw = {name: plainly(name, STORED) for name in raw_names(statistic, band)}
    assert physical(statistic, raw, band) == pytest.approx(plainly(statistic, STORED * scale - 40.0))


def test_counts_stay_whole_numbers() -> None:
    band = BandEncoding("b", "int16", scale=0.5, nodata=0)
    for statistic in ("count", "unique", "nodata"):
        value = physical(statistic, {statistic: 7.0}, band)
        assert (value, type(value)) == (7, int)


def test_nodata_counts_nan_too_and_a_zone_without_pixels_has_none() -> None:
    band = BandEncoding("b", "float32", nodata=math.nan)
    assert physical("nodata", {"nodata": 2.0, "nan": 3.0}, band) == 5
    assert physical("nodata", {"nodata": math.nan, "nan": 0.0}, band) == 0


def test_no_usable_pixel_is_null() -> None:
    band = BandEncoding("b", "int16", scale=2.0)
    assert physical("mean", {"mean": None}, band) is None
    assert physical("sum", {"sum": None, "count": 0}, band) is None
    assert physical("unique", {"unique": None}, band) is None


def test_all_names_are_known() -> None:
    assert check_statistics([*ALL, "percentile_0", "percentile_97.5", "percentile_100"])


@pytest.mark.parametrize("names", [["mean", "average"], ["percentile_101"], ["percentile_x"], [], ["mean", "mean"]])
def test_other_names_are_refused(names: list[str]) -> None:
    with pytest.raises(ProductError, match=r"field statistics: expected different names out of count, mean, .*, got "):
        check_statistics(names)
