"""Statistics from sums equal numpy's on physical values, whatever the encoding."""

import math

import numpy as np
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.series.statistics import Sums, asked_of_service, order_statistics, physical

ENCODINGS = [
    BandEncoding("t", "int16", 0.02, 100.0, -32768, "K"),
    BandEncoding("t", "int16", -0.5, 3.0, -32768, "K"),
    BandEncoding("t", "float32"),
]


def sums_of(stored: np.ndarray, weights: np.ndarray, *, whole: float) -> Sums:
    ordered = {"min": stored.min(), "max": stored.max(), "median": np.median(stored)}
    ordered |= {f"p{p}": np.percentile(stored, p) for p in (10, 90)}
    return Sums(
        whole=whole,
        valid=float(weights.sum()),
        first=float((weights * stored).sum()),
        second=float((weights * stored * stored).sum()),
        count=len(stored),
        ordered={name: float(value) for name, value in ordered.items()},
    )


@pytest.mark.parametrize("band", ENCODINGS, ids=["scaled", "turned round", "plain"])
def test_statistics_of_stored_numbers_become_those_of_physical_values(band: BandEncoding) -> None:
    random = np.random.default_rng(4)
    stored, weights = random.integers(12_000, 16_000, 500).astype(float), random.uniform(0.1, 1e6, 500)
    values = stored * band.scale + band.offset
    sums = sums_of(stored, weights, whole=float(weights.sum()) * 1.25)
    mean = np.average(values, weights=weights)
    wanted = {
        "mean": mean,
        "std": math.sqrt(np.average((values - mean) ** 2, weights=weights)),
        "sum": (weights * values).sum(),
        "min": values.min(),
        "max": values.max(),
        "median": np.median(values),
        "p10": np.percentile(values, 10),
        "p90": np.percentile(values, 90),
        "count": 500,
    }
    for name, value in wanted.items():
        assert physical(name, sums, band) == pytest.approx(value, rel=1e-9), name
    assert sums.valid_fraction == pytest.approx(0.8)


def test_nothing_valid_is_nothing_but_a_count_of_0() -> None:
    sums = Sums(whole=12.0, valid=0.0)
    found = {name: physical(name, sums, ENCODINGS[0]) for name in ("mean", "std", "sum", "min", "p10", "count")}
    assert found == {"mean": None, "std": None, "sum": None, "min": None, "p10": None, "count": 0}
    assert (sums.valid_fraction, Sums(whole=0.0, valid=0.0).valid_fraction) == (0.0, 0.0)


def test_equal_values_have_no_deviation_although_sums_round() -> None:
    weights = np.random.default_rng(1).uniform(1e5, 1e6, 10_000)
    assert physical("std", sums_of(np.full(10_000, 15_137.3), weights, whole=1.0), ENCODINGS[0]) == 0.0


def test_only_order_statistics_are_asked_beside_sums_and_turned_round_where_the_scale_is_negative() -> None:
    statistics = ["mean", "min", "p10", "count"]
    assert order_statistics(statistics) == ("min", "p10")
    assert asked_of_service(statistics, ENCODINGS[:1]) == ("min", "p10")
    assert asked_of_service(statistics, ENCODINGS[:2]) == ("min", "p10", "max", "p90")
