"""Placement by georeferencing: exact offsets, cut rings, gaps, and refusals that give both grids."""

import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from eo_pipeline.core.mosaics import MosaicPlan, Placement, describe_gaps, place, plan_mosaic, union_grid
from eo_pipeline.core.rectangles import Rectangle
from eo_pipeline.errors import GridMismatchError

TARGET = GeoBox((30, 40), Affine(0.1, 0, -20.0, 0, -0.1, 15.0), "EPSG:4326")


def tile(row: float, column: float, height: int, width: int) -> GeoBox:
    """A tile whose corner lies at these rows and columns of the target, by plain arithmetic."""
    return GeoBox((height, width), Affine(0.1, 0, -20.0 + 0.1 * column, 0, -0.1, 15.0 - 0.1 * row), "EPSG:4326")


@given(
    row=st.integers(-50, 50),
    column=st.integers(-50, 50),
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    jitter=st.floats(-9e-4, 9e-4),
)
def test_any_whole_offset_is_found(row: int, column: int, height: int, width: int, jitter: float) -> None:
    placements = place(tile(row + jitter, column - jitter, height, width), TARGET)
    rows = [r for r in range(row, row + height) if 0 <= r < 30]
    columns = [c for c in range(column, column + width) if 0 <= c < 40]
    if not rows or not columns:
        assert placements == ()
        return
    (placement,) = placements
    assert placement.destination == Rectangle(rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
    assert placement.source == placement.destination.shifted(rows=-row, columns=-column)


@given(st.floats(2e-3, 0.998), st.sampled_from(["row", "column"]))
def test_any_fraction_of_a_pixel_is_refused(fraction: float, axis: str) -> None:
    shifted = tile(3 + fraction * (axis == "row"), 5 + fraction * (axis == "column"), 8, 8)
    with pytest.raises(GridMismatchError, match="not whole pixels"):
        place(shifted, TARGET)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (GeoBox((30, 40), TARGET.affine, "EPSG:3857"), "the CRS differs"),
        (GeoBox((30, 40), TARGET.affine @ Affine.scale(2), "EPSG:4326"), "resolution or rotation differs"),
        (GeoBox((30, 40), TARGET.affine @ Affine.scale(1.0001), "EPSG:4326"), "resolution or rotation differs"),
        (GeoBox((30, 40), TARGET.affine @ Affine.rotation(1), "EPSG:4326"), "resolution or rotation differs"),
        (GeoBox((30, 40), TARGET.affine @ Affine.scale(1, -1), "EPSG:4326"), "resolution or rotation differs"),
        (tile(0.5, 0, 5, 5), r"the offset is .* columns and 0\.5 rows"),
    ],
)
def test_a_mismatch_gives_both_grids(wrong: GeoBox, why: str) -> None:
    with pytest.raises(GridMismatchError, match=why) as caught:
        place(wrong, TARGET)
    message = str(caught.value)
    assert "40 x 30 px, EPSG:4326, affine (0.1, 0, -20, 0, -0.1, 15)" in message
    assert f"{wrong.shape[1]} x {wrong.shape[0]} px, {wrong.crs}" in message


def test_a_surplus_ring_is_cut() -> None:
    assert place(tile(-2, -2, 34, 44), TARGET) == (Placement(0, Rectangle(2, 2, 32, 42), Rectangle(0, 0, 30, 40)),)


def test_a_plan_names_what_is_missing() -> None:
    plan = plan_mosaic([tile(0, 0, 30, 20), tile(0, 20, 10, 20), tile(90, 0, 5, 5)], TARGET)
    assert [placement.tile for placement in plan.placements] == [0, 1]
    assert plan.gaps == (Rectangle(10, 20, 30, 40),)
    message = describe_gaps(plan.gaps, TARGET)
    assert "columns 20-40, rows 10-30 (from -18, 14 to -16, 12)" in message
    assert "got 1 rectangle(s) without a tile" in message


def test_a_window_of_a_plan_counts_from_its_own_corner() -> None:
    plan = MosaicPlan((Placement(7, Rectangle(1, 1, 11, 11), Rectangle(20, 30, 30, 40)),), ())
    (cut,) = plan.within(Rectangle(25, 20, 30, 35))
    assert cut == Placement(7, Rectangle(6, 1, 11, 6), Rectangle(0, 10, 5, 15))
    assert plan.within(Rectangle(0, 0, 20, 40)) == ()


def test_the_union_of_one_grid_is_that_grid() -> None:
    assert union_grid([TARGET]) == TARGET


def test_the_union_holds_all_grids() -> None:
    union = union_grid([tile(5, 5, 5, 5), tile(-2, 10, 3, 7)])
    assert union.shape == (12, 12)
    assert tuple(union.affine)[:6] == pytest.approx((0.1, 0, -19.5, 0, -0.1, 15.2))
    with pytest.raises(GridMismatchError, match="not whole pixels"):
        union_grid([TARGET, tile(0.5, 0, 4, 4)])
