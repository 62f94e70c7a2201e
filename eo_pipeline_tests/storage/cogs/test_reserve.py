"""The room that is left for overviews."""

import numpy as np
import pytest

from eo_pipeline.core.rectangles import windows
from eo_pipeline.storage.cogs.reserve import Reserve, sample

SHAPES = [(1000, 2000), (500, 1000), (250, 500), (125, 250)]


def test_the_sample_is_spread_over_rows_and_columns() -> None:
    every = list(windows(height=40, width=40, rows=1, columns=1))
    tried = sample(every)
    assert len(set(tried)) == len(tried) == 100
    assert tried == sorted(tried)
    halves = {(window.row_start // 10, window.column_start // 10) for window in tried}
    assert len(halves) == 16


@pytest.mark.parametrize(("count", "tried"), [(1, 0), (31, 0), (32, 8), (64, 8), (640, 40)])
def test_small_rasters_have_no_sample(count: int, tried: int) -> None:
    assert len(sample(list(windows(height=1, width=count, rows=1, columns=1)))) == tried


def test_windows_alike_need_what_they_say_and_a_little_more() -> None:
    reserve = Reserve(SHAPES, pixel_bytes=6)
    assert [reserve.learn(400, 1200, 300) for _ in range(3)] == [1, 2, 3]
    needed = 3 * (500 * 1000 + 250 * 500 + 125 * 250)
    assert needed < reserve.overviews() < 1.04 * needed


def test_bytes_a_pixel_grow_as_they_did_but_not_beyond_the_pixel() -> None:
    reserve = Reserve(SHAPES, pixel_bytes=6)
    reserve.learn(400, 800, 400)
    needed = 4 * 500 * 1000 + 6 * 250 * 500 + 6 * 125 * 250
    assert needed < reserve.overviews() < 1.04 * needed


def test_windows_that_differ_ask_for_more() -> None:
    alike, apart = (Reserve(SHAPES, pixel_bytes=6) for _ in range(2))
    for number in range(8):
        alike.learn(400, 1200, 300)
        apart.learn(400, 1200, 600 * (number % 2))
    assert 1.1 * alike.overviews() < apart.overviews() < 1.3 * alike.overviews()


def test_nothing_at_all_needs_no_room() -> None:
    reserve = Reserve(SHAPES, pixel_bytes=6)
    reserve.learn(400, 0, 0)
    assert reserve.overviews() == 0
    assert np.isfinite(reserve.overviews())
