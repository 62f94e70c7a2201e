"""Rectangle arithmetic against sets of pixels."""

from hypothesis import given
from hypothesis import strategies as st

from eo_pipeline.core.rectangles import Rectangle, uncovered, windows


def pixels(rectangle: Rectangle) -> set[tuple[int, int]]:
    rows = range(rectangle.row_start, rectangle.row_stop)
    return {(row, column) for row in rows for column in range(rectangle.column_start, rectangle.column_stop)}


@st.composite
def rectangles(draw: st.DrawFn) -> Rectangle:
    row, column = draw(st.integers(-4, 8)), draw(st.integers(-4, 8))
    return Rectangle(row, column, row + draw(st.integers(1, 6)), column + draw(st.integers(1, 6)))


@given(rectangles(), rectangles())
def test_intersection_holds_the_shared_pixels(one: Rectangle, other: Rectangle) -> None:
    both = one.intersection(other)
    assert (pixels(both) if both else set()) == pixels(one) & pixels(other)


@given(rectangles(), rectangles())
def test_difference_is_disjoint_and_complete(one: Rectangle, other: Rectangle) -> None:
    parts = one.minus(other)
    assert set().union(*map(pixels, parts)) == pixels(one) - pixels(other)
    assert sum(part.pixels for part in parts) == len(pixels(one) - pixels(other))


@given(rectangles(), st.lists(rectangles(), max_size=6))
def test_uncovered_is_what_no_cover_holds(whole: Rectangle, covers: list[Rectangle]) -> None:
    gaps = uncovered(whole, covers)
    missing = pixels(whole) - set().union(*map(pixels, covers))
    assert set().union(*map(pixels, gaps)) == missing
    assert sum(gap.pixels for gap in gaps) == len(missing)


def test_one_gap_between_tiles_is_one_rectangle() -> None:
    tiles = [Rectangle(0, 0, 10, 4), Rectangle(0, 7, 10, 10)]
    assert uncovered(Rectangle(0, 0, 10, 10), tiles) == (Rectangle(0, 4, 10, 7),)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 15), st.integers(1, 15))
def test_windows_cover_once(height: int, width: int, rows: int, columns: int) -> None:
    parts = list(windows(height=height, width=width, rows=rows, columns=columns))
    assert sum(part.pixels for part in parts) == height * width
    assert uncovered(Rectangle(0, 0, height, width), parts) == ()
    assert all(part.height <= rows and part.width <= columns for part in parts)
