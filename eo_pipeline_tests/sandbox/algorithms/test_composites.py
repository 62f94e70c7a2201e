"""Images of a collection become one, at each pixel: against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.algorithms.scene_collection import (
    DATA,
    GRID,
    MASKS,
    SCENES,
    all_scenes,
)
from eo_pipeline_tests.sandbox.graph_support import (
    UTM,
    ArrayBand,
    pixels,
    record,
    utm_grid,
    value,
)


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [
        ("median", np.median),
        ("mean", np.mean),
        ("min", np.min),
        ("max", np.max),
        ("sum", np.sum),
        ("product", lambda v: np.prod(v.astype("f8"))),
        ("count", len),
        ("stdDev", np.std),
        ("variance", np.var),
        ("sampleStdDev", lambda v: np.std(v, ddof=1)),
        ("first", lambda v: v[0]),
        ("last", lambda v: v[-1]),
        ("mode", lambda v: np.bincount(v).argmax()),
        ("anyNonZero", lambda _: 1),
    ],
)
@pytest.mark.functions("ImageCollection.reduce", "Reducer.{reducer}", against="numpy")
def test_reducers_at_each_pixel(reducer: str, expected: Callable[[np.ndarray], float]) -> None:
    reduced = all_scenes().select("B").reduce(getattr(ee.Reducer, reducer)())
    ((data, mask),) = pixels(reduced, GRID, *SCENES)
    for row in range(8):
        for column in range(8):
            samples = DATA[:, row, column][MASKS[:, row, column]]
            few = 2 if reducer == "sampleStdDev" else 1
            assert mask[row, column] == (len(samples) >= few)
            if len(samples) >= few:
                assert data[row, column] == pytest.approx(expected(samples), rel=1e-9)


@pytest.mark.parametrize(("reducer", "shown", "hidden"), [("max", 0, 200), ("min", 255, 3)])
@pytest.mark.functions("reduce.{reducer}", against="numpy")
def test_a_masked_sample_is_no_extreme_though_the_others_are_the_type_s_last_number(
    reducer: str, shown: int, hidden: int
) -> None:
    values = np.full((8, 8), shown, "u1"), np.full((8, 8), hidden, "u1")
    scenes = [
        record(f"C/{name}", {"B": ArrayBand(data, UTM, mask=np.full((8, 8), seen))})
        for name, data, seen in (("a", values[1], False), ("b", values[0], True))
    ]
    images = ee.ImageCollection([ee.Image("C/a"), ee.Image("C/b")])
    ((data, mask),) = pixels(getattr(images, reducer)(), utm_grid(8, 8), *scenes)
    np.testing.assert_array_equal(data, values[0])
    assert mask.all()


@pytest.mark.parametrize("name", ["median", "mean", "min", "max", "sum", "count", "mode"])
def test_the_short_forms_keep_band_names(name: str) -> None:
    short = getattr(all_scenes(), name)()
    assert value(short.bandNames(), *SCENES) == ["B", "Q"]
    longer = all_scenes().reduce(getattr(ee.Reducer, name)())
    for (a, a_mask), (b, b_mask) in zip(pixels(short, GRID, *SCENES), pixels(longer, GRID, *SCENES), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a_mask, b_mask)


@pytest.mark.functions(
    "Reducer.percentile", "Reducer.minMax", "Reducer.combine", "ImageCollection.reduce", against="numpy"
)
def test_percentiles_and_combined_reducers_name_their_bands() -> None:
    both = ee.Reducer.percentile([10, 90]).combine(ee.Reducer.minMax(), "x_", True)
    reduced = all_scenes().select("Q").reduce(both)
    assert value(reduced.bandNames(), *SCENES) == ["Q_p10", "Q_p90", "Q_x_min", "Q_x_max"]
    stack = DATA[::-1]
    found = [data for data, _ in pixels(reduced, GRID, *SCENES)]
    np.testing.assert_allclose(found[0], np.percentile(stack, 10, axis=0))
    np.testing.assert_allclose(found[1], np.percentile(stack, 90, axis=0))
    np.testing.assert_array_equal(found[2], stack.min(axis=0))
    np.testing.assert_array_equal(found[3], stack.max(axis=0))


def test_a_composite_is_one_degree_and_unbounded() -> None:
    published = value(all_scenes().median(), *SCENES)["bands"][0]
    assert published["crs"] == "EPSG:4326"
    assert published["crs_transform"] == [1, 0, 0, 0, 1, 0]
    assert "dimensions" not in published


def test_the_median_of_nothing_has_no_bands() -> None:
    assert value(ee.ImageCollection("EMPTY").median()) == {"type": "Image", "bands": []}
    assert value(all_scenes().filterDate("1990-01-01", "1990-02-01").median().bandNames(), *SCENES) == []


@pytest.mark.functions("ImageCollection.mosaic", against="numpy")
def test_a_mosaic_shows_the_last_valid_image() -> None:
    ((data, mask),) = pixels(all_scenes().select("B").mosaic(), GRID, *SCENES)
    for row in range(8):
        for column in range(8):
            valid = np.flatnonzero(MASKS[:, row, column])
            assert mask[row, column] == bool(len(valid))
            if len(valid):
                assert data[row, column] == DATA[valid[-1], row, column]


@pytest.mark.functions("ImageCollection.qualityMosaic", against="numpy")
def test_a_quality_mosaic_takes_all_bands_from_the_best_image() -> None:
    (b, b_mask), (q, _) = pixels(all_scenes().qualityMosaic("Q"), GRID, *SCENES)
    best = DATA[::-1].argmax(axis=0)
    np.testing.assert_array_equal(q, DATA[::-1].max(axis=0))
    np.testing.assert_array_equal(b_mask, np.take_along_axis(MASKS, best[None], 0)[0])
    valid = b_mask > 0
    np.testing.assert_array_equal(b[valid], np.take_along_axis(DATA, best[None], 0)[0][valid])


@pytest.mark.functions("ImageCollection.qualityMosaic", against="worked example")
def test_of_equal_qualities_a_quality_mosaic_shows_the_first_image() -> None:
    scenes = [
        record(f"C/{name}", {"B": ArrayBand(np.full((8, 8), value, "u1"), UTM), "Q": ArrayBand(np.ones((8, 8)), UTM)})
        for name, value in (("a", 3), ("b", 7))
    ]
    images = ee.ImageCollection([ee.Image("C/a"), ee.Image("C/b")])
    (data, _), _ = pixels(images.qualityMosaic("Q"), utm_grid(8, 8), *scenes)
    assert (data == 3).all()


@pytest.mark.functions("ImageCollection.toBands", against="worked example")
@pytest.mark.functions("Image.reduce", against="numpy")
def test_bands_of_a_collection_and_reduction_of_bands() -> None:
    assert value(all_scenes().limit(2).toBands().bandNames(), *SCENES) == ["s0_B", "s0_Q", "s1_B", "s1_Q"]
    ((data, _),) = pixels(ee.Image("C/s0").select(["Q", "Q"]).reduce(ee.Reducer.sum()), GRID, *SCENES)
    np.testing.assert_array_equal(data, DATA[6] * 2.0)


@pytest.mark.functions("Reducer.linearFit", against="numpy")
def test_a_linear_fit_over_time() -> None:
    def with_time(image: Any) -> Any:
        days = ee.Image.constant(ee.Number(image.get("CLOUD"))).toDouble().rename("t")
        return days.addBands(image.select("Q"))

    fit = all_scenes().map(with_time).reduce(ee.Reducer.linearFit())
    (scale, _), (offset, _) = pixels(fit, GRID, *SCENES)
    slope, intercept = np.polyfit(np.arange(7) * 10.0, DATA[::-1].reshape(7, -1).astype(float), 1)
    np.testing.assert_allclose(scale.ravel(), slope, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(offset.ravel(), intercept, rtol=1e-6)


def test_images_with_other_bands_cannot_be_quality_mosaicked() -> None:
    mixed = ee.ImageCollection([ee.Image("C/s0"), ee.Image("C/s1").select("Q")])
    with pytest.raises(ServiceError, match="Expected a homogeneous image collection, but an image with incompatible"):
        pixels(mixed.qualityMosaic("Q"), GRID, *SCENES)
