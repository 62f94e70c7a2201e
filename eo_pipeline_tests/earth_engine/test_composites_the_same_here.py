"""Every composite, and what is averaged of it, has the same pixels inside Earth Engine as here, over arrays."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.composites import Composite, Observations, averaged, composite, kind_of, most_frequent
from eo_pipeline.core.masking import mask_rule
from eo_pipeline.core.product import Mask
from eo_pipeline_tests.earth_engine.cloudy_scenes import (
    Cloudy,
    at_ten_metres,
    cloudy_product,
    computed,
    running_cloudy,
)
from eo_pipeline_tests.scenes import NODATA

MASK = {"usual": "SCL", "snow": True, "opening": 1, "dilation": 1}
STORED = {band: {"dtype": "uint16", "nodata": NODATA} for band in ("B4", "B8")}
COUNTS = ["n_obs", "n_valid"]


@pytest.fixture(scope="module")
def cloudy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloudy]:
    with running_cloudy(tmp_path_factory.mktemp("cloudy")) as found:
        yield found


def usable(cloudy: Cloudy) -> NDArray[np.bool_]:
    """(scene, y, x) by MASK on pixels of 10 m."""
    rule = mask_rule(Mask.model_validate(MASK))
    halo = ((0, 0), (rule.halo, rule.halo), (rule.halo, rule.halo))
    classes = np.stack([scene["SCL"] for scene in cloudy.scenes])
    return at_ten_metres(rule.usable(np.pad(classes, halo), nodata=0), "SCL")


def stack(cloudy: Cloudy, band: str) -> Observations:
    pixels = np.stack([scene[band] for scene in cloudy.scenes])
    return Observations(pixels, NODATA if band in STORED else None)


def here(cloudy: Cloudy, reducer: str, **options: Any) -> Composite:
    bands = [stack(cloudy, band) for band in STORED]
    return composite(bands, kind_of(reducer), usable=usable(cloudy), **options)


@pytest.mark.parametrize("reducer", ["median", "mean", "min", "max", "first", "mosaic"])
def test_composites_of_native_pixels(cloudy: Cloudy, reducer: str) -> None:
    product = cloudy_product(mask=MASK, composite={"reducer": reducer, "counts": COUNTS}, output=STORED)
    assert_equal(computed(cloudy, product), here(cloudy, reducer))


@pytest.mark.parametrize("percent", [0, 5, 20, 25, 50, 75, 90, 100])
def test_percentiles(cloudy: Cloudy, percent: int) -> None:
    made = {"reducer": f"percentile_{percent}", "counts": COUNTS}
    found = computed(cloudy, cloudy_product(mask=MASK, composite=made, output=STORED))
    assert_equal(found, here(cloudy, f"percentile_{percent}"))
    pixels = np.stack([scene["B4"] for scene in cloudy.scenes]).astype(float)
    left = np.where(usable(cloudy) & (pixels != NODATA), pixels, np.nan)
    three = ~np.isnan(left).any(axis=0)
    assert three.any()
    exact = np.percentile(left[:, three], percent, axis=0)
    assert (np.abs(found["B4"][three] - exact) <= 0.5 + 1e-9).all()


def test_the_best_pixel_by_a_band(cloudy: Cloudy) -> None:
    product = cloudy_product(
        source={"collection": "local/cloudy", "bands": ["B4", "B8", "QA_PIXEL"]},
        mask=MASK,
        composite={"reducer": "best_pixel", "quality": "QA_PIXEL", "counts": COUNTS},
        output=STORED,
    )
    assert_equal(computed(cloudy, product), here(cloudy, "best_pixel", quality=stack(cloudy, "QA_PIXEL")))


def test_the_best_pixel_by_an_index(cloudy: Cloudy) -> None:
    ndvi = "(B8 - B4) / (B8 + B4)"
    product = cloudy_product(
        mask=MASK,
        index={"ndvi": {"formula": ndvi}},
        composite={"reducer": "best_pixel", "quality": "ndvi", "counts": COUNTS},
        output=STORED,
    )
    red, nir = (np.stack([scene[band] for scene in cloudy.scenes]).astype(float) for band in STORED)
    with np.errstate(invalid="ignore"):
        quality = np.where((red == NODATA) | (nir == NODATA), np.nan, (nir - red) / (nir + red))
    assert_equal(computed(cloudy, product), here(cloudy, "best_pixel", quality=Observations(quality)))


def assert_equal(found: dict[str, NDArray[Any]], made: Composite) -> None:
    for band, values in zip(STORED, made.values, strict=True):
        np.testing.assert_array_equal(found[band], values)
    np.testing.assert_array_equal(found["n_obs"], made.n_obs)
    np.testing.assert_array_equal(found["n_valid"], made.n_valid)
    assert 0 < made.n_valid.mean() < made.n_obs.mean()


def assert_rounded(found: NDArray[Any], means: NDArray[np.float64]) -> None:
    """The nearest whole numbers, nodata for NaN; halves either way, since the service weighs pixels by their area."""
    halves = np.abs(means % 1 - 0.5) < 1e-9
    wanted = np.where(np.isnan(means), NODATA, np.floor(means + 0.5))
    np.testing.assert_array_equal(found[~halves], wanted[~halves])
    assert (np.abs(found[halves] - means[halves]) < 0.5 + 1e-9).all()
    assert (~halves).mean() > 0.5


@pytest.mark.parametrize("reducer", ["median", "mean", "max", "percentile_25"])
@pytest.mark.parametrize(("metres", "factor"), [(20, 2), (100, 10)])
def test_a_coarser_product_is_native_mask_and_composite_then_average(
    cloudy: Cloudy, reducer: str, metres: int, factor: int
) -> None:
    product = cloudy_product(
        resolution=metres, mask=MASK, composite={"reducer": reducer, "counts": ["n_valid"]}, output=STORED
    )
    found = computed(cloudy, product)
    made = here(cloudy, reducer, dtype="float64")
    for band, values in zip(STORED, made.values, strict=True):
        assert_rounded(found[band], averaged(values, factor))
    assert_rounded(found["n_valid"], averaged(made.n_valid, factor))
    assert found["B4"].shape == (120 // factor, 120 // factor)
    assert (metres == 100) == bool((found["B4"] != NODATA).all())


def test_means_of_a_coarser_product_are_those_of_numpy(cloudy: Cloudy) -> None:
    product = cloudy_product(resolution=100, mask=MASK, composite={"reducer": "mean"})
    pixels = np.stack([scene["B4"] for scene in cloudy.scenes]).astype(float)
    left = np.ma.masked_array(pixels, ~(usable(cloudy) & (pixels != NODATA)))
    blocks = left.mean(axis=0).reshape(12, 10, 12, 10).swapaxes(1, 2).reshape(12, 12, 100)
    np.testing.assert_allclose(computed(cloudy, product)["B4"], blocks.mean(axis=2), rtol=1e-6)


def test_classes_of_a_coarser_product_are_the_most_frequent_ones(cloudy: Cloudy) -> None:
    product = cloudy_product(
        resolution=100,
        source={"collection": "local/cloudy", "bands": ["QA_PIXEL"]},
        mask={"scl_exclude": [8, 9]},
        composite={"reducer": "first"},
        output={"QA_PIXEL": {"dtype": "uint16", "nodata": 65535, "kind": "categorical"}},
    )
    rule = mask_rule(Mask(scl_exclude=[8, 9]))
    kept = at_ten_metres(rule.usable(np.stack([scene["SCL"] for scene in cloudy.scenes]), nodata=0), "SCL")
    bits = Observations(np.stack([scene["QA_PIXEL"] for scene in cloudy.scenes]), 65535)
    made = composite([bits], kind_of("first"), usable=kept)
    np.testing.assert_array_equal(
        computed(cloudy, product)["QA_PIXEL"], most_frequent(made.values[0], 10, nodata=65535)
    )
