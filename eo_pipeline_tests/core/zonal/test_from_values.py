"""Statistics of one zone's values: rasterstats' where pixels count once, exactextract's where they count by shares."""

from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from exactextract import exact_extract  # type: ignore[import-untyped]  # exactextract has no types
from exactextract.raster import NumPyRasterSource  # type: ignore[import-untyped]  # exactextract has no types
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterstats import zonal_stats

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.zonal.from_values import from_function, from_values
from eo_pipeline.core.zonal.measures import Distribution
from eo_pipeline.errors import ProductError
from eo_pipeline_tests.core.zonal.pixels import distribution_of

STATISTICS = ("median", "majority", "minority", "unique", "percentile_10", "percentile_93.5", "percentile_100")
SHAPE = shapely.Polygon([(0.5, 0.3), (6.2, 1.1), (5.5, 5.6), (1.2, 4.9)])
BAND = BandEncoding("b", "float64")


def pixels(seed: int, kinds: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, kinds, (6, 7)).astype("float64")


def of_exactextract(values: np.ndarray, *operations: str) -> dict[str, Any]:
    source = NumPyRasterSource(values, 0, 0, values.shape[1], values.shape[0])
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(SHAPE)}
    found: dict[str, Any] = exact_extract(source, [feature], ["values", "coverage", *operations])[0]["properties"]
    return found


def by_classes(found: Distribution) -> Distribution:
    """The same with every number once, as an engine keeps classes."""
    values, which, counts = np.unique(found.values, return_inverse=True, return_counts=True)
    return Distribution(values, counts.astype(np.int64), np.bincount(which, weights=found.weights))


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), kinds=st.sampled_from([3, 9, 200]))
def test_shares_give_the_answers_of_exactextract(seed: int, kinds: int) -> None:
    asked = ["mode", "minority", "variety", "median", "quantile(q=0.1)", "quantile(q=0.93)"]
    wanted = of_exactextract(pixels(seed, kinds), *asked)
    found = distribution_of(wanted["values"], wanted["coverage"], "float64")
    names = {
        "majority": "mode",
        "mode": "mode",
        "minority": "minority",
        "unique": "variety",
        "variety": "variety",
        "median": "median",
        "percentile_10": "quantile_10",
        "percentile_93": "quantile_93",
    }
    for kept in (found, by_classes(found)):
        got = {name: from_values(name, kept, BAND, by_share=True) for name in names}
        assert got == pytest.approx({name: float(wanted[other]) for name, other in names.items()}, abs=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_whole_pixels_give_the_answers_of_rasterstats_to_the_last_bit(seed: int, dtype: str) -> None:
    values = pixels(seed, 9).astype(dtype)
    (wanted,) = zonal_stats(
        [shapely.box(0, 0, 7, 6)], values, affine=Affine(1, 0, 0, 0, -1, 6), nodata=200, stats=list(STATISTICS)
    )
    found = distribution_of(values.ravel().astype("float64"), np.ones(values.size), dtype)
    for kept in (found, by_classes(found)):
        got = {name: from_values(name, kept, BAND, by_share=False) for name in STATISTICS}
        assert got == {name: wanted[name] for name in STATISTICS}


@pytest.mark.parametrize("by_share", [False, True])
@pytest.mark.parametrize("name", ["median", "percentile_10", "percentile_77", "unique"])
def test_a_negative_scale_swaps_the_ends(name: str, by_share: bool) -> None:
    band = BandEncoding("b", "float64", scale=-0.5, offset=100)
    values, shares = pixels(3, 30).ravel(), np.random.default_rng(5).random(42)
    got = from_values(name, distribution_of(values, shares, "float64"), band, by_share=by_share)
    turned = distribution_of(values * -0.5 + 100, shares, "float64")
    assert got == pytest.approx(from_values(name, turned, BAND, by_share=by_share))
    if not by_share and name != "unique":
        percent = {"median": 50, "percentile_10": 10, "percentile_77": 77}[name]
        assert got == pytest.approx(np.percentile(values * -0.5 + 100, percent))


@pytest.mark.parametrize("scale", [0.1, -0.1])
def test_a_function_gets_physical_values_in_ascending_order_with_their_weights(scale: float) -> None:
    band = BandEncoding("b", "int16", scale=scale, offset=3)
    values, shares = np.array([5.0, 1.0, 3.0, 1.0]), np.array([0.5, 0.25, 1.0, 0.75])
    told: list[tuple[np.ndarray, np.ndarray]] = []

    def mean(v: np.ndarray, w: np.ndarray) -> float:
        told.append((v, w))
        return float((v * w).sum() / w.sum())

    got = from_function("own.mean", mean, distribution_of(values, shares, "int16"), band)
    assert got == pytest.approx(np.average(values * scale + 3, weights=shares))
    ((v, w),) = told
    assert v.tolist() == pytest.approx(sorted(values * scale + 3))
    assert w.sum() == 2.5
    assert {v.dtype.name, w.dtype.name} == {"float64"}


def test_a_function_that_returns_no_number_is_named() -> None:
    found = distribution_of(np.array([1.0]), np.ones(1), "int16")
    much: Any = lambda *_: "much"  # noqa: E731  # Any, since the wrong type is what is tested
    with pytest.raises(ProductError, match=r"zones\.statistics: expected own\.text to return a number, got str"):
        from_function("own.text", much, found, BAND)
