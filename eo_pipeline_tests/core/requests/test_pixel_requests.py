"""Windows of requests keep every limit of the service and cover an image once; small images skip the queue."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core.bands import BandEncoding
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.core.requests.pixel_requests import Size, cut, fits_interactive, halves, route, size_of
from eo_pipeline.errors import ProductError

LIMIT = 50_331_648
"""Bytes, as in the service's refusal `must be less than or equal to 50331648 bytes`."""


def covered(parts: tuple[Rectangle, ...], shape: tuple[int, int]) -> bool:
    """Every pixel exactly once."""
    times = np.zeros(shape, np.uint8)
    for part in parts:
        times[part.slices] += 1
    return bool((times == 1).all())


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 40), st.sampled_from([1, 2, 4, 8]))
def test_windows_cover_an_image_once_within_the_target(height: int, width: int, bands: int, item: int) -> None:
    size = Size(height, width, bands, bands * item)
    target = 2**22
    parts = cut(size, target_bytes=target)
    assert covered(parts, (height, width))
    assert all(part.pixels * bands * item <= target for part in parts)
    step = max(side for side in (32, 64, 128, 256) if side * side * bands * item <= target)
    assert all(part.row_start % step == part.column_start % step == 0 for part in parts)


@given(st.integers(1, 200_000), st.integers(1, 200_000), st.integers(1, 1024), st.sampled_from([1, 2, 4, 8]))
def test_no_window_exceeds_what_the_service_allows(height: int, width: int, bands: int, item: int) -> None:
    size = Size(height, min(width, 10**7 // height + 1), bands, bands * item)
    parts = cut(size, target_bytes=10**12)
    assert max(part.pixels for part in parts) * bands * item <= LIMIT
    assert max(max(part.height, part.width) for part in parts) <= 32768
    assert sum(part.pixels for part in parts) == size.height * size.width


@pytest.mark.parametrize(
    ("size", "shapes"),
    [
        (Size(100, 120, 1, 2), [(100, 120)]),
        (Size(2048, 4096, 1, 2), [(2048, 4096)]),  # exactly 16 MiB
        (Size(4096, 4096, 1, 2), [(2048, 4096)] * 2),
        (Size(2900, 2900, 1, 4), [(1536, 1536), (1536, 1364), (1364, 1536), (1364, 1364)]),
        (Size(10, 40_000, 1, 1), [(10, 20_224), (10, 19_776)]),
        (Size(40_000, 10, 1, 1), [(20_224, 10), (19_776, 10)]),
    ],
)
def test_windows_are_few_and_about_equal(size: Size, shapes: list[tuple[int, int]]) -> None:
    assert [(part.height, part.width) for part in cut(size)] == shapes


@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 700), st.integers(1, 700))
def test_halves_are_the_whole_down_to_64_pixels(row: int, column: int, height: int, width: int) -> None:
    whole = Rectangle(row, column, row + height, column + width)
    parts = halves(whole)
    if max(height, width) <= 64:
        assert parts == ()
        return
    assert len(parts) == 2
    assert covered(tuple(part.shifted(rows=-row, columns=-column) for part in parts), (height, width))
    assert max(max(part.height, part.width) for part in parts) <= max(height, width)
    longest = max(height, width)
    assert all(part.pixels <= whole.pixels * (longest / 2 + 64) / longest for part in parts)


def test_the_size_is_counted_as_the_service_counts() -> None:
    bands = [BandEncoding(name, "int16", nodata=-1) for name in "abc"]
    size = size_of((100, 200), bands)
    assert size == Size(100, 200, 3, 6)
    assert size.bytes == 120_000


@pytest.mark.parametrize(
    ("size", "road", "reason"),
    [
        (Size(5016, 5016, 1, 2), "interactive", "5016 x 5016 px of 1 band(s), 48.0 MiB: no more than a request"),
        (Size(5017, 5017, 1, 2), "batch", "more than the 48 MiB of a request for pixels"),
        (Size(3072, 2048, 4, 8), "interactive", "48.0 MiB: no more than"),
        (Size(3072, 2049, 4, 8), "batch", "2049 x 3072 px of 4 band(s), 48.0 MiB: more than the 48 MiB"),
        (Size(1, 32769, 1, 1), "batch", "more than 32768 px a side"),
        (Size(1, 1, 1025, 1025), "batch", "more than 1024 bands"),
    ],
)
def test_an_image_of_one_request_s_size_skips_the_queue(size: Size, road: str, reason: str) -> None:
    choice = route("auto", size)
    assert choice == fits_interactive(size)
    assert choice.road == road
    assert reason in choice.reason


def test_what_the_product_says_is_done() -> None:
    small, large = Size(10, 10, 1, 2), Size(100_000, 100_000, 1, 2)
    assert (route("batch", small).road, route("batch", small).reason) == ("batch", "the product says route: batch")
    assert route("interactive", large).road == "interactive"
    assert route("auto", small, tiles_only=False).road == "batch"
    assert "only a task can write" in route("auto", small, tiles_only=False).reason


def test_what_no_request_can_do_is_refused() -> None:
    with pytest.raises(ProductError, match=r"export\.route: expected batch or auto, got interactive, for an export"):
        route("interactive", Size(10, 10, 1, 2), tiles_only=False)
    with pytest.raises(ProductError, match=r"export\.route: expected at most 1024 bands for interactive, got 2000; wr"):
        route("interactive", Size(10, 10, 2000, 4000))
