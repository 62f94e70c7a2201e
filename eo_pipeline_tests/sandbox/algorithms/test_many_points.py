"""Reducing at many points gives what reducing at each alone gives, and reads each block of pixels once."""

from collections.abc import Iterator
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline_tests.sandbox.graph_support import UTM, ArrayBand, record, serialising_client, value

RNG = np.random.default_rng(6)
SIDE = 200
DATA = RNG.integers(0, 1000, (SIDE, SIDE)).astype("i2")
MASK = RNG.random((SIDE, SIDE)) > 0.2


@pytest.fixture(scope="module", autouse=True)
def _client() -> Iterator[None]:
    with serialising_client():
        yield


def band() -> ArrayBand:
    return ArrayBand(DATA, UTM, MASK)


def sampled(shapes: list[Any], reducer: Any, source: ArrayBand) -> list[dict[str, Any]]:
    features = ee.FeatureCollection([ee.Feature(shape, {"n": number}) for number, shape in enumerate(shapes)])
    image = ee.Image("C/one")
    found = image.reduceRegions(features, reducer, crs=UTM.crs, crsTransform=list(UTM.transform))
    return [one["properties"] for one in value(found, record("C/one", {"b": source}))["features"]]


def places(count: int) -> tuple[np.ndarray, np.ndarray, list[Any]]:
    rows, columns = RNG.integers(-3, SIDE + 3, (2, count))
    x, y = UTM.transform[2] + 10 * (columns + RNG.random(count)), UTM.transform[5] - 10 * (rows + RNG.random(count))
    return (
        rows,
        columns,
        [ee.Geometry.Point(list(place), proj=UTM.crs) for place in zip(x.tolist(), y.tolist(), strict=True)],
    )


def test_points_have_the_pixels_that_hold_them_or_nothing() -> None:
    source = band()
    rows, columns, shapes = places(300)
    both = ee.Reducer.first().combine(ee.Reducer.count(), sharedInputs=True)
    found = sampled(shapes, both, source)
    assert [one["n"] for one in found] == list(range(300))
    inside = (rows >= 0) & (rows < SIDE) & (columns >= 0) & (columns < SIDE)
    for n, one in enumerate(found):
        valid = inside[n] and MASK[rows[n], columns[n]]
        assert one.get("first") == (DATA[rows[n], columns[n]] if valid else None)
        assert one["count"] == int(valid)
    assert len(source.reads) <= 36


def test_points_among_other_shapes_keep_their_place() -> None:
    _, _, shapes = places(20)
    west, north = UTM.transform[2], UTM.transform[5]
    box = ee.Geometry.Rectangle([west, north - 40, west + 40, north], proj=UTM.crs, geodesic=False)
    found = sampled([shapes[0], box, *shapes[1:]], ee.Reducer.max(), band())
    assert found[1]["max"] == np.where(MASK, DATA, -1)[:4, :4].max()
    alone = [sampled([shape], ee.Reducer.max(), band())[0].get("max") for shape in shapes]
    assert [one.get("max") for one in (found[0], *found[2:])] == alone
