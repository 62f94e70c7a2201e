import numpy as np
import pytest

from eo_pipeline.sandbox.catalog.pyramid import Box, Pixels, Policy, level_dimensions, read_level


class Native:
    """Level 0 from an array, counting what it is asked for at once."""

    def __init__(self, data: np.ndarray, mask: np.ndarray) -> None:
        self.data, self.mask, self.largest = data, mask, 0

    def __call__(self, box: Box) -> Pixels:
        self.largest = max(self.largest, box.width * box.height)
        window = np.s_[box.y : box.y + box.height, box.x : box.x + box.width]
        return self.data[window], self.mask[window]


def native(dtype: str = "u1", height: int = 21, width: int = 30) -> Native:
    rng = np.random.default_rng(7)
    data = rng.integers(0, 5, (height, width)).astype(dtype)
    mask = rng.random((height, width)) > 0.3
    mask[:4, :4] = False
    return Native(data, mask)


def block(source: Native, row: int, column: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    window = np.s_[row * size : (row + 1) * size, column * size : (column + 1) * size]
    return source.data[window], source.mask[window]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_mean_is_of_valid_pixels_and_mask_is_their_fraction(level: int) -> None:
    source = native("f4")
    columns, rows = level_dimensions((30, 21), level)
    data, mask = read_level(source, (30, 21), "mean", level, Box(0, 0, columns, rows))
    for row in range(rows):
        for column in range(columns):
            values, valid = block(source, row, column, 2**level)
            assert mask[row, column] == pytest.approx(valid.mean())
            assert data[row, column] == pytest.approx(values[valid].mean() if valid.any() else 0)


def test_mean_of_integers_is_rounded_and_keeps_the_type() -> None:
    source = Native(np.array([[1, 2], [2, 2]], "u2"), np.ones((2, 2), bool))
    data, _ = read_level(source, (2, 2), "mean", 1, Box(0, 0, 1, 1))
    assert data.dtype == np.dtype("u2")
    assert data.tolist() == [[2]]


@pytest.mark.parametrize("level", [1, 2])
def test_sample_is_the_upper_left_pixel(level: int) -> None:
    source = native()
    columns, rows = level_dimensions((30, 21), level)
    data, mask = read_level(source, (30, 21), "sample", level, Box(0, 0, columns, rows))
    for row in range(rows):
        for column in range(columns):
            values, valid = block(source, row, column, 2**level)
            assert (data[row, column], mask[row, column]) == (values[0, 0], valid[0, 0])


@pytest.mark.parametrize("level", [1, 2])
def test_mode_is_the_smallest_of_the_most_frequent_valid_values(level: int) -> None:
    source = native()
    columns, rows = level_dimensions((30, 21), level)
    data, mask = read_level(source, (30, 21), "mode", level, Box(0, 0, columns, rows))
    for row in range(rows):
        for column in range(columns):
            values, valid = block(source, row, column, 2**level)
            assert mask[row, column] == valid.any()
            if valid.any():
                assert data[row, column] == np.bincount(values[valid]).argmax()


@pytest.mark.parametrize("policy", ["mean", "sample", "mode"])
def test_a_window_equals_the_same_part_of_the_whole_level(policy: Policy) -> None:
    whole, whole_mask = read_level(native(), (30, 21), policy, 1, Box(0, 0, 15, 11))
    part, part_mask = read_level(native(), (30, 21), policy, 1, Box(4, 6, 11, 5))
    np.testing.assert_array_equal(part, whole[6:11, 4:15])
    np.testing.assert_array_equal(part_mask, whole_mask[6:11, 4:15])


def test_a_far_level_is_read_in_strips() -> None:
    source = Native(np.ones((4096, 4096), "u1"), np.ones((4096, 4096), bool))
    read_level(source, (4096, 4096), "mean", 3, Box(0, 0, 512, 512))
    assert source.largest <= 1 << 23


@pytest.mark.parametrize("box", [Box(0, 0, 16, 1), Box(-1, 0, 2, 2), Box(0, 11, 1, 1), Box(0, 0, 0, 1)])
def test_a_window_outside_the_level_is_refused(box: Box) -> None:
    with pytest.raises(ValueError, match=r"expected a window inside level 1 of 15 x 11 pixels, got .* clip it first"):
        read_level(native(), (30, 21), "mean", 1, box)
