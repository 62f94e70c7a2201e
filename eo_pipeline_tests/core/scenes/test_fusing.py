"""Joining and shifting of stored numbers, against arithmetic by hand."""

import numpy as np
import pytest

from eo_pipeline.core.scenes.fusing import fuse, has_value, shift_to, shifted
from eo_pipeline.errors import SourceError
from eo_pipeline_tests.core.scenes.made import band


def test_the_first_value_counts() -> None:
    onto = np.array([[0, 7], [0, 9]], np.uint16)
    fuse(onto, np.array([[5, 5], [0, 5]], np.uint16), nodata=0)
    assert onto.tolist() == [[5, 7], [0, 9]]
    floats = np.array([np.nan, 1.0], np.float32)
    fuse(floats, np.array([2.0, 3.0], np.float32), nodata=np.nan)
    assert floats.tolist() == [2.0, 1.0]
    assert has_value(np.array([np.nan, 0.0]), np.nan).tolist() == [False, True]


def test_old_scenes_are_brought_up_by_1000() -> None:
    old, new = band(scale=1e-4, offset=0.0), band(scale=1e-4, offset=-0.1)
    assert shift_to(old, -0.1) == 1000
    assert shift_to(new, -0.1) == 0
    stored = np.array([0, 1, 65_000], np.uint16)
    moved = shifted(stored, shift_to(old, -0.1), nodata=0)
    assert moved.tolist() == [0, 1001, 65_535]
    assert moved.dtype == np.uint16
    assert shifted(stored, 0, nodata=0) is stored


def test_a_dark_pixel_does_not_become_a_missing_one() -> None:
    assert shifted(np.array([0, 500, 1000, 1500], np.uint16), -1000, nodata=0).tolist() == [0, 1, 1, 500]
    assert shifted(np.array([255, 250], np.uint8), 5, nodata=255).tolist() == [255, 254]
    assert shifted(np.array([0, -10, 10], np.int16), 10, nodata=0).tolist() == [0, -1, 20]
    assert shifted(np.array([0, -10, 10], np.int16), -10, nodata=0).tolist() == [0, -20, 1]


def test_floats_move_by_any_amount() -> None:
    float_band = band(dtype="float32", nodata=float("nan"), scale=0.5, offset=0.25)
    assert shift_to(float_band, 0.0) == 0.5
    moved = shifted(np.array([np.nan, 1.0], np.float32), 0.5, nodata=np.nan)
    np.testing.assert_array_equal(moved, np.array([np.nan, 1.5], np.float32))


def test_integers_do_not_move_by_fractions() -> None:
    with pytest.raises(SourceError, match=r"whole steps of 0\.0001, got -0\.10005 for http://nowhere/file\.tif"):
        shift_to(band(scale=1e-4), -0.10005)
