"""Images far from a request cost nothing and change nothing; what is asked for in parts is evaluated once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.graph.grids import Grid, Projection
from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, FakeCatalog, expression, pixels, record, utm_grid

SIDE = 64
RNG = np.random.default_rng(11)
EASTERN = Projection("EPSG:32634", (10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0))


def scene(number: int, column: int, projection: Projection = UTM) -> tuple[Any, ArrayBand]:
    """A scene that starts at a column of the lattice, and its band."""
    a, b, c, d, e, f = projection.transform
    band = ArrayBand(
        RNG.integers(1, 1000, (SIDE, SIDE)).astype("u2"), Projection(projection.crs, (a, b, c + a * column, d, e, f))
    )
    return record(f"C/s{number}", {"b": band}, time=number), band


def masked(image: Any) -> Any:
    return image.updateMask(image.gt(100)).add(1)


WAYS: list[tuple[Callable[[Any], Any], Callable[[np.ma.MaskedArray], Any]]] = [
    (lambda images: images.median(), lambda stack: np.ma.median(stack, axis=0)),
    (lambda images: images.count(), lambda stack: stack.count(axis=0)),
    (lambda images: images.max(), lambda stack: stack.max(axis=0)),
]


@pytest.mark.parametrize("way", [0, 1, 2])
def test_a_composite_of_near_and_far_scenes_is_that_of_the_near_ones(way: int) -> None:
    made, expected = WAYS[way]
    near = [scene(1, 0), scene(2, 10)]
    far = [scene(3, 5000), scene(4, 0, EASTERN)]
    grid = utm_grid(20, 20, 10, 5)
    ((data, mask),) = pixels(made(ee.ImageCollection("C").map(masked)), grid, *(one for one, _ in (*near, *far)))
    windows = [band.data[5:25, 10 - start : 30 - start] for (_, band), start in zip(near, (0, 10), strict=True)]
    stack = np.ma.masked_less_equal(np.stack(windows).astype(float), 100) + 1
    np.testing.assert_allclose(data[mask > 0], np.ma.filled(expected(stack), 0)[mask > 0])
    assert all(not band.reads for _, band in far)
    assert all(band.reads for _, band in near)


def test_what_is_valid_beyond_a_scene_is_not_forgotten() -> None:
    one, other = scene(1, 0), scene(2, 5000)
    grid = utm_grid(8, 8)
    filled = ee.ImageCollection("C").map(lambda image: image.unmask(7, False))
    ((least, _),) = pixels(filled.min(), grid, one[0], other[0])
    np.testing.assert_array_equal(least, np.minimum(one[1].data[:8, :8], 7))
    every = ee.ImageCollection("C").reduce(ee.Reducer.max().combine(ee.Reducer.countEvery()))
    (_, (number, _)) = pixels(every, grid, one[0], other[0])
    assert (number == 2).all()


def test_where_no_scene_is_near_everything_is_masked() -> None:
    ((_, mask),) = pixels(ee.ImageCollection("C").median(), utm_grid(8, 8, 9000), scene(1, 0)[0], scene(2, 5000)[0])
    assert not mask.any()


def test_a_scene_is_near_wherever_one_of_its_pixels_is_asked_for() -> None:
    made = scene(1, 0)
    for x, y in ((SIDE - 1, 0), (-7, -7), (0, SIDE - 1)):
        grid = utm_grid(8, 8, x, y)
        ((composite, valid),) = pixels(ee.ImageCollection("C").median(), grid, made[0])
        ((alone, there),) = pixels(ee.Image("C/s1"), grid, made[0])
        np.testing.assert_array_equal(valid > 0, there > 0)
        np.testing.assert_array_equal(composite[valid > 0], alone[there > 0])
        assert valid.any()


def test_an_image_is_evaluated_once_for_many_windows_until_assets_change() -> None:
    changes = [0]
    catalog = FakeCatalog([scene(1, 0)[0]])
    engine = GraphEngine(catalog, state=lambda: changes[0])
    asked = expression(ee.ImageCollection("C").median())
    grids = [Grid(UTM.crs, utm_grid(8, 8, x).transform, 8, 8) for x in range(3)]
    windows = [engine.read(engine.image(asked), grid)[0][0] for grid in grids]
    assert len(catalog.asked) == 1
    np.testing.assert_array_equal(windows[0][:, 1:], windows[1][:, :-1])
    catalog.records.append(scene(2, 0)[0])
    changes[0] += 1
    assert not np.array_equal(engine.read(engine.image(asked), grids[0])[0][0], windows[0])
    assert len(catalog.asked) == 2


def test_the_pages_of_a_collection_are_evaluated_once_and_any_page_may_be_asked_for_again() -> None:
    changes = [0]
    catalog = FakeCatalog([scene(number, 0)[0] for number in range(1, 8)])
    engine = GraphEngine(catalog, state=lambda: changes[0])
    asked = expression(ee.ImageCollection("C").map(lambda image: ee.Feature(None, {"n": image.get("system:index")})))

    def page(first: int) -> tuple[list[object], bool]:
        found, others = engine.page(asked, first, 3)
        return [element.properties["n"] for element in found], others

    assert [page(0), page(3), page(6)] == [(["s1", "s2", "s3"], True), (["s4", "s5", "s6"], True), (["s7"], False)]
    assert len(catalog.asked) == 1
    assert page(3) == (["s4", "s5", "s6"], True)
    assert len(catalog.asked) == 2
    catalog.records.append(scene(8, 0)[0])
    changes[0] += 1
    assert page(6) == (["s7", "s8"], False)
