"""Composites that take a value from one observation, and which one they say it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eo_pipeline.core.composites import Observations, composite, kind_of
from eo_pipeline_tests.core.composites import plain

SEEDS = st.integers(0, 2**32 - 1)


def place_of(kind: str, places: list[int], series: list[float]) -> int:
    """Of the places that count, in a pixel's series."""
    if kind in ("first", "mosaic"):
        return places[0 if kind == "first" else -1]
    extreme = (min if kind == "min" else max)(series[t] for t in places)
    return next(t for t in places if series[t] == extreme)


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    dtype=st.sampled_from(["uint16", "float32"]),
    count=st.integers(0, 8),
    kind=st.sampled_from(["min", "max", "first", "mosaic"]),
)
def test_one_observation_of_each_band(seed: int, dtype: str, count: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    bands = [random.integers(0, 6, (count, 2, 70)).astype(dtype) for _ in range(2)]
    usable = random.random((count, 2, 70)) < 0.5
    made = composite([Observations(pixels, 0) for pixels in bands], kind_of(kind), usable=usable)
    for pixels, values, source in zip(bands, made.values, made.sources, strict=True):
        for y in range(2):
            for x in range(70):
                places = plain.counted(pixels, usable, 0, y, x)
                series = pixels[:, y, x].tolist()
                chosen = place_of(kind, places, series) if places else -1
                assert source[y, x] == chosen
                assert values[y, x] == (series[chosen] if places else 0)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, count=st.integers(0, 8))
def test_the_best_pixel_takes_all_bands_from_one_observation(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    red = random.integers(0, 9, (count, 2, 40)).astype(np.uint16)
    heat = np.where(random.random(red.shape) < 0.2, np.nan, random.random(red.shape)).astype(np.float32)
    quality = random.integers(0, 5, red.shape).astype(np.uint8)
    usable = random.random(red.shape) < 0.8
    made = composite(
        [Observations(red, 0), Observations(heat)],
        kind_of("best_pixel"),
        usable=usable,
        quality=Observations(quality, 0),
    )
    counts = usable & (red != 0) & ~np.isnan(heat) & (quality != 0)
    if count:
        score = np.where(counts, quality.astype(int), -1)
        source = np.where(counts.any(axis=0), score.argmax(axis=0), -1)
        np.testing.assert_array_equal(made.sources[0], source)
        for pixels, values, empty in ((red, made.values[0], 0), (heat, made.values[1], np.nan)):
            picked = np.take_along_axis(pixels, np.maximum(source, 0)[None], axis=0)[0]
            np.testing.assert_array_equal(values, np.where(source < 0, np.array(empty, pixels.dtype), picked))
    assert made.sources[0] is made.sources[1]
    np.testing.assert_array_equal(made.n_obs, (red != 0).sum(axis=0))
    np.testing.assert_array_equal(made.n_valid, ((red != 0) & usable).sum(axis=0))


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, count=st.integers(1, 7), most=st.sampled_from([3, 10_000]))
def test_the_medoid_is_nearest_to_all_others(seed: int, count: int, most: int) -> None:
    random = np.random.default_rng(seed)
    bands = [random.integers(0, most, (count, 70, 5)).astype(np.uint16) for _ in range(3)]
    usable = random.random(bands[0].shape) < 0.7
    made = composite([Observations(pixels, 0) for pixels in bands], kind_of("medoid"), usable=usable)
    spectra = np.stack(bands).astype(float)
    counts = usable & (spectra != 0).all(axis=0)
    apart = np.sqrt(((spectra[:, :, None] - spectra[:, None]) ** 2).sum(axis=0))
    sums = np.where(counts, np.where(counts[None], apart, 0).sum(axis=1), np.inf)
    for y in range(70):
        for x in range(5):
            source = made.sources[0][y, x]
            if not counts[:, y, x].any():
                assert source == -1
                assert [values[y, x] for values in made.values] == [0, 0, 0]
                continue
            assert counts[source, y, x]
            assert sums[source, y, x] == pytest.approx(sums[:, y, x].min(), rel=1e-12)
            assert [values[y, x] for values in made.values] == [pixels[source, y, x] for pixels in bands]


def test_a_medoid_is_not_drawn_by_an_outlier_that_draws_each_band() -> None:
    red = np.array([10, 11, 12, 900], np.uint16)[:, None, None]
    nir = np.array([50, 40, 52, 800], np.uint16)[:, None, None]
    made = composite([Observations(red, 0), Observations(nir, 0)], kind_of("medoid"))
    assert [values.item() for values in made.values] == [12, 52]
    assert made.sources[0].item() == 2


def test_of_equals_the_earliest_is_chosen() -> None:
    same = np.full((3, 1, 1), 7, np.uint16)
    for kind in ("min", "max", "medoid"):
        assert composite([Observations(same, 0)], kind_of(kind)).sources[0].item() == 0
    best = composite([Observations(same, 0)], kind_of("best_pixel"), quality=Observations(same))
    assert best.sources[0].item() == 0
