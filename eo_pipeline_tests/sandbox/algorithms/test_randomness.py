"""Random columns, points and strata: reproducible, and distributed as they say."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
import shapely

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline_tests.sandbox.graph_support import record, value

CLASSES = np.repeat([1, 1, 2, 3], 16).astype("u1").reshape(8, 8)
OTHER = np.arange(64, dtype="i2").reshape(8, 8)
SCENE = record("C/s", {"class": CLASSES, "n": OTHER})


def numbered(count: int) -> Any:
    return ee.FeatureCollection(ee.List.sequence(1, count).map(lambda n: ee.Feature(None, {"n": n})))


@pytest.mark.functions("Collection.randomColumn", against="numpy")
def test_a_random_column_is_uniform_and_the_same_for_the_same_seed() -> None:
    first = np.array(value(numbered(2000).randomColumn("r", 7).aggregate_array("r")))
    again = np.array(value(numbered(2000).randomColumn("r", 7).aggregate_array("r")))
    other = np.array(value(numbered(2000).randomColumn("r", 8).aggregate_array("r")))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.1
    assert 0 <= first.min() < 0.01
    assert 0.99 < first.max() < 1
    assert np.histogram(first, 10, (0, 1))[0].min() > 150


@pytest.mark.functions("Collection.randomColumn", against="numpy")
def test_a_random_column_may_be_normal_and_by_other_keys() -> None:
    normal = np.array(value(numbered(2000).randomColumn("r", 1, "normal").aggregate_array("r")))
    assert abs(normal.mean()) < 0.1
    assert normal.std() == pytest.approx(1, abs=0.08)
    same = numbered(3).map(lambda f: f.set("k", 1)).randomColumn("r", 1, "uniform", ["k"])
    assert len(set(value(same.aggregate_array("r")))) == 1
    with pytest.raises(ServiceError, match="must be 'uniform' or 'normal', got 'gamma'"):
        value(numbered(1).randomColumn("r", 1, "gamma"))


@pytest.mark.functions("FeatureCollection.randomPoints", "Collection.geometry", against="shapely")
def test_random_points_lie_in_the_region_and_evenly_on_the_sphere() -> None:
    region = ee.Geometry.Polygon([[[0, 0], [40, 0], [40, 80], [0, 80]]], None, False)
    points = value(ee.FeatureCollection.randomPoints(region, 1500, 3).geometry().coordinates())
    found = shapely.MultiPoint(points)
    assert len(found.geoms) == 1500
    assert shapely.box(0, 0, 40, 80).contains(found)
    south = (shapely.get_coordinates(found)[:, 1] < 30).mean()
    assert south == pytest.approx(np.sin(np.radians(30)) / np.sin(np.radians(80)), abs=0.05)
    assert value(ee.FeatureCollection.randomPoints(region, 3, 5)) == value(
        ee.FeatureCollection.randomPoints(region, 3, 5)
    )
    with pytest.raises(ServiceError, match="The region must have an area"):
        value(ee.FeatureCollection.randomPoints(ee.Geometry.Point([0, 0]), 3))


@pytest.mark.functions("Image.stratifiedSample", against="numpy")
def test_a_stratified_sample_has_so_many_pixels_of_each_class() -> None:
    sample = ee.Image("C/s").stratifiedSample(5, "class", scale=10, seed=2, geometries=True)
    rows = value(sample, SCENE)["features"]
    classes = [row["properties"]["class"] for row in rows]
    assert {c: classes.count(c) for c in (1, 2, 3)} == {1: 5, 2: 5, 3: 5}
    assert all(CLASSES.ravel()[row["properties"]["n"]] == row["properties"]["class"] for row in rows)
    assert len({row["properties"]["n"] for row in rows}) == 15
    assert value(sample, SCENE)["features"] == rows


@pytest.mark.functions("Image.stratifiedSample", against="worked example")
def test_a_stratified_sample_may_want_other_numbers_of_some_classes() -> None:
    image = ee.Image("C/s")
    sample = image.stratifiedSample(100, "class", scale=10, classValues=[1, 2], classPoints=[0, 3])
    classes = value(sample.aggregate_array("class"), SCENE)
    assert {c: classes.count(c) for c in (1, 2, 3)} == {1: 0, 2: 3, 3: 16}
    with pytest.raises(ServiceError, match="must have the same length"):
        value(image.stratifiedSample(1, "class", scale=10, classValues=[1], classPoints=[]), SCENE)
    with pytest.raises(ServiceError, match="The class band 'n' must have whole numbers"):
        value(image.toFloat().stratifiedSample(1, "n", scale=10), SCENE)
    with pytest.raises(ServiceError, match="No band named 'x'"):
        value(image.stratifiedSample(1, "x", scale=10), SCENE)


@pytest.mark.functions("Element.getArray", against="worked example")
def test_an_array_property_is_checked() -> None:
    feature = ee.Feature(None, {"a": [[1, 2], [3, 4]], "b": [[1], [2, 3]], "c": "text"})
    assert value(feature.getArray("a")) == [[1, 2], [3, 4]]
    for name in ("b", "c"):
        with pytest.raises(ServiceError, match=f"Property '{name}' is not an array"):
            value(feature.getArray(name))
