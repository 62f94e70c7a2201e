"""Statistics of zones: names, meanings, units."""

import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.statistics import check_statistics, is_function, meaning_of, of_values, short_name, units_of
from eo_pipeline.errors import ProductError

ALL = (
    *("count", "mean", "sum", "std", "var", "min", "max", "range", "median", "majority", "mode", "minority", "unique"),
    *("variety", "nodata", "nodata_share", "valid_share", "weighted_mean"),
)
BAND = BandEncoding("lst", "float32", units="K")


def test_all_names_are_known() -> None:
    names = [*ALL, "percentile_0", "percentile_97.5", "percentile_100", "own.package.gini"]
    assert check_statistics(names) == tuple(names)


@pytest.mark.parametrize(
    "names", [["mean", "average"], ["percentile_101"], ["percentile_x"], [], ["mean", "mean"], ["own.2nd"], ["own."]]
)
def test_other_names_are_refused(names: list[str]) -> None:
    with pytest.raises(ProductError, match=r"field statistics: expected different names out of count, mean, .*, got "):
        check_statistics(names)


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("mean", "K"),
        ("std", "K"),
        ("var", "(K)2"),
        ("percentile_5", "K"),
        ("weighted_mean", "K"),
        ("count", "pixels"),
        ("nodata", "pixels"),
        ("unique", "values"),
        ("variety", "values"),
        ("valid_share", ""),
        ("nodata_share", ""),
        ("own.gini", ""),
    ],
)
def test_units_are_those_of_the_band_or_of_what_is_counted(name: str, units: str) -> None:
    assert units_of(name, BAND) == units


def test_some_statistics_need_values() -> None:
    needing = {name for name in (*ALL, "percentile_5", "own.gini") if of_values(name)}
    assert needing == {"median", "majority", "mode", "minority", "unique", "variety", "percentile_5", "own.gini"}


def test_meanings_are_sentences_for_a_reader() -> None:
    assert meaning_of("percentile_97.5") == "97.5th percentile of the zone's usable pixels"
    assert meaning_of("mode") == meaning_of("majority") == "most frequent usable value of the zone"
    assert meaning_of("own.gini") == "own.gini of the values of the zone's usable pixels"


def test_a_function_is_called_by_its_last_name() -> None:
    assert (short_name("own.package.gini"), short_name("percentile_97.5")) == ("gini", "percentile_97.5")
    assert not is_function("percentile_97.5")
