"""Stretching, and the promise that a picture is small."""

import io

import numpy as np
import pytest
from PIL import Image

from eo_pipeline.core.pictures import MAX_BYTES, Panel, Values, count_panel, paletted_png, panels_png, stretch


def noise(height: int, width: int) -> Values:
    values = np.random.default_rng(0).random((height, width))
    return np.ma.masked_array(values, mask=values > 0.9)


def test_a_stretch_is_percentiles_of_what_is_there() -> None:
    values = np.ma.masked_equal(np.array([[-1.0, 0, 1, 2, 3, 4]]), -1.0)
    assert stretch(values, (25, 75)) == (1.0, 3.0)


def test_a_stretch_of_one_value_or_none_has_a_width() -> None:
    assert stretch(np.ma.masked_array([[7.0, 7.0]]), (2, 98)) == (6.5, 7.5)
    assert stretch(np.ma.masked_all((2, 2)), (2, 98)) == (0.0, 1.0)


@pytest.mark.parametrize("size", [(320, 320), (900, 1200)])
def test_noise_loses_colours_then_pixels_until_it_is_small(size: tuple[int, int]) -> None:
    png = paletted_png(noise(*size), colormap="viridis", limits=(0.0, 1.0))
    assert len(png) <= MAX_BYTES
    assert min(Image.open(io.BytesIO(png)).size) >= 150


def test_values_beyond_the_limits_take_the_end_colours() -> None:
    values = np.ma.masked_array([[-5.0, 0.5, 9.0]])
    image = Image.open(io.BytesIO(paletted_png(values, colormap="gray", limits=(0.0, 1.0)))).convert("RGB")
    black, middle, white = (image.getpixel((column, 0)) for column in range(3))
    assert (black, white) == ((0, 0, 0), (255, 255, 255))
    assert isinstance(middle, tuple)
    assert 120 < middle[0] < 136


def test_counts_are_shown_from_none_to_the_highest() -> None:
    panel = count_panel(np.ma.MaskedArray([[2.0, 5.0, 9.0]], mask=[[False, False, True]]), "n_valid")
    assert (panel.limits, panel.units, panel.whole) == ((0.0, 5.0), "observations", True)
    assert count_panel(np.ma.masked_all((1, 2)), "n_valid").limits == (0.0, 1.0)


def test_two_panels_of_noise_are_small() -> None:
    panel = Panel(noise(320, 320), "noise", "m", "viridis", (0.0, 1.0))
    png = panels_png(panel, panel, title="Noise")
    assert len(png) <= MAX_BYTES
