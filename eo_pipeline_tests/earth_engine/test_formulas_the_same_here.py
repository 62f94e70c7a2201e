"""Formulas of indices have the same values inside Earth Engine as here, over arrays."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from eo_pipeline.core.formulas import parse_formula
from eo_pipeline_tests.earth_engine.cloudy_scenes import (
    COLLECTION,
    DAYS,
    Cloudy,
    cloudy_product,
    computed,
    running_cloudy,
)
from eo_pipeline_tests.scenes import NODATA

STORED = [
    "(B8 - B4) / (B8 + B4)",
    "B4 % 7 + B8 % B4",
    "B4 / (B8 - B8)",
    "B4 % (B8 - B8) + 1",
    "-B4 ** 2 / 3",
    "B4 & 255 | 3 ^ 1",
    "(B4 >> 3) + (B8 << 2)",
    "~B4",
    "B4 > B8 && B4 > 3000 || B8 == 5000",
    "!(B4 > B8)",
    "B4 > B8 ? B4 : -B8",
    "B4 > B8 ? B4 > 5000 ? 1 : 2 : 3",
    "min(B4, B8) - max(B4, B8, 4000)",
    "b('B4') * 2 - b('B8')",
]
SCALED = [
    "2.5 * (B8 - B4) / (B8 + 2.4 * B4 + 1)",
    "B4 > 0.3 ? sqrt(B4 - 0.3) : -1",
    "B4 <= 0.3 ? -1 : log(B4 - 0.3)",
    "abs(B4 - B8) + signum(B4 - B8)",
    "round(B4 * 10) + floor(B8 * 10) - ceil(B4 - B8)",
    "exp(B4) * log10(B8 + 1) + cbrt(B4 - B8)",
    "sin(B4) + cos(B8) * tan(B4 / 2)",
    "asin(B4) + acos(B8) + atan(B4)",
    "sinh(B4) + cosh(B8) - tanh(B4)",
    "pow(B4 + 1, B8) + hypot(B4, B8) + atan2(B4, B8 - 0.5)",
    "(B4 - 0.5) % 0.25",
    "sqrt(B4 - 0.5)",
    "1 - 2 - 3 + B4 * 2 ** 3 ** 0.5",
]


@pytest.fixture(scope="module")
def cloudy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloudy]:
    with running_cloudy(tmp_path_factory.mktemp("cloudy")) as found:
        yield found


def bands(cloudy: Cloudy, scale: float) -> dict[str, NDArray[np.float64]]:
    stored = {band: cloudy.scenes[0][band] for band in ("B4", "B8")}
    return {band: np.where(pixels == NODATA, np.nan, pixels * scale) for band, pixels in stored.items()}


@pytest.mark.parametrize(("scale", "text"), [*((1.0, text) for text in STORED), *((0.0001, text) for text in SCALED)])
def test_a_formula_of_one_scene(cloudy: Cloudy, scale: float, text: str) -> None:
    product = cloudy_product(
        every="day",
        source={"collection": COLLECTION, "bands": ["B4", "B8"], "scale": scale},
        index={"made": {"formula": text}},
    )
    here = parse_formula(text).values(bands(cloudy, scale))
    there = computed(cloudy, product, DAYS[0])["made"]
    np.testing.assert_allclose(there, here, rtol=2e-6, atol=1e-6)
    assert np.isnan(here).any()
    assert ("(B8 - B8)" in text) == (np.unique(here[~np.isnan(here)]).size == 1), "by 0 all pixels have one value"
