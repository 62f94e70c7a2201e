"""Values as a band stores them, against plain Python one number at a time."""

import math

import numpy as np
import pytest

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.encoding import encoded, rounded

VALUES = [math.nan, -0.2, -0.1, -0.09995, 0.0, 0.00005, 0.12344, 0.123451, 1.0, 6.4535, 6.5, 100.0]


def plainly(value: float, band: BandEncoding) -> float:
    """One number; nodata where it does not fit."""
    if math.isnan(value):
        return float(band.nodata or 0)
    number = math.floor((value - band.offset) / band.scale + 0.5 + 1e-9)
    limits = np.iinfo(band.dtype)
    fits = limits.min <= number <= limits.max and number != band.nodata
    return number if fits else float(band.nodata or 0)


@pytest.mark.parametrize(
    "band",
    [
        BandEncoding("red", "uint16", 0.0001, -0.1, 0),
        BandEncoding("red", "int16", 0.0001, 0.0, -32768),
        BandEncoding("heat", "uint8", 0.02, 0.0, 255),
    ],
)
def test_whole_numbers_are_rounded_half_up_or_nodata(band: BandEncoding) -> None:
    found = encoded(np.array(VALUES), band)
    assert found.dtype == band.dtype
    assert found.tolist() == [plainly(value, band) for value in VALUES]


def test_floats_keep_fractions_and_their_nodata() -> None:
    made = encoded(np.array([math.nan, 0.25, -3.5]), BandEncoding("t", "float32", nodata=-9999.0))
    np.testing.assert_array_equal(made, np.array([-9999, 0.25, -3.5], np.float32))


def test_stored_numbers_are_only_rounded() -> None:
    made = rounded(np.array([math.nan, 1234.5, 0.2, 70_000.0]), BandEncoding("red", "uint16", 0.0001, -0.1, 0))
    assert made.tolist() == [0, 1235, 0, 0]


def test_counts_are_never_missing() -> None:
    made = encoded(np.array([math.nan, 0.0, 2.5, 70_000.0]), BandEncoding("n_obs", "uint16", kind="count"))
    assert made.tolist() == [0, 0, 3, 65535]
