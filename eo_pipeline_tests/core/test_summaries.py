"""Counts of usable pixels, window by window."""

import numpy as np

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.summaries import BandSummary, Tally


def test_windows_add_up_in_physical_units() -> None:
    tally = Tally(BandEncoding("b", "int16", scale=0.5, offset=1, nodata=-1))
    tally.add(np.array([[4, -1], [2, -1]], dtype="int16"))
    tally.add(np.array([[-1, 10]], dtype="int16"))
    assert tally.summary() == BandSummary("b", valid_share=0.5, minimum=2.0, maximum=6.0)


def test_a_negative_scale_swaps_the_ends() -> None:
    tally = Tally(BandEncoding("b", "int16", scale=-1.0))
    tally.add(np.array([3, 5], dtype="int16"))
    assert (tally.summary().minimum, tally.summary().maximum) == (-5.0, -3.0)


def test_nothing_usable_has_no_ends() -> None:
    tally = Tally(BandEncoding("b", "float32"))
    tally.add(np.array([np.nan], dtype="float32"))
    assert tally.summary() == BandSummary("b", valid_share=0.0, minimum=None, maximum=None)
