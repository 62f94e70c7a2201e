"""The grid of chips against plain loops."""

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from eo_pipeline.core.chips.grid_points import grid_places
from eo_pipeline.core.grids import Lattice

LATTICE = Lattice("EPSG:32633", 10.0, 30.0, -50.0)


@settings(max_examples=40)
@given(
    x=st.integers(-3000, 3000), y=st.integers(-3000, 3000), radius=st.integers(50, 4000), size=st.integers(1, 40),
    step=st.integers(10, 60),
)  # fmt: skip
def test_those_whose_middle_lies_inside(x: int, y: int, radius: int, size: int, step: int) -> None:
    region = shapely.Point(x, y).buffer(radius)
    found = [
        pair
        for part in grid_places(LATTICE, region, step=step, size=size)
        for pair in zip(part.columns.tolist(), part.rows.tolist(), part.x.tolist(), part.y.tolist(), strict=True)
    ]
    expected = []
    for column in range(-1000, 1000):
        middle_x = 30 + (column * step + size / 2) * 10
        if abs(middle_x - x) > radius:
            continue
        for row in range(-1000, 1000):
            middle_y = -50 + (row * step + size / 2) * 10
            if abs(middle_y - y) <= radius and region.intersects(shapely.Point(middle_x, middle_y)):
                expected.append((column, row, middle_x, middle_y))
    assert sorted(found) == sorted(expected)


def test_a_large_grid_comes_in_small_pieces() -> None:
    region = shapely.box(0, 0, 10_000_000, 6_000_000)
    sizes = [len(part.x) for part in grid_places(LATTICE, region, step=1024, size=1024)]
    assert max(sizes) <= 65_536
    assert sum(sizes) == 977 * 586  # multiples of 10,240 m whose middle lies inside
