"""Features, their properties and places: worked examples and shapely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ee
import pytest
import shapely

from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.values import Feature
from eo_pipeline_tests.sandbox.graph_support import (
    FakeAsset,
    FakeCatalog,
    expression,
    value,
)


@pytest.mark.functions(
    "Feature",
    "Collection",
    "Collection.remap",
    "Collection.distinct",
    "Collection.flatten",
    "Feature.select",
    against="worked example",
)
def test_features_and_their_properties() -> None:
    square = ee.Geometry.Rectangle([0, 0, 1, 1], None, False)
    features = ee.FeatureCollection([ee.Feature(square, {"a": 1, "b": "x"}), ee.Feature(None, {"a": 2, "b": "y"})])
    assert value(features.aggregate_array("a")) == [1, 2]
    published = value(features)
    assert published["type"] == "FeatureCollection"
    assert published["columns"]["a"] == "Number"
    assert [feature["id"] for feature in published["features"]] == ["0", "1"]
    assert shapely.geometry.shape(published["features"][0]["geometry"]).equals(shapely.box(0, 0, 1, 1))
    assert value(features.map(lambda f: f.set("c", ee.Number(f.get("a")).add(1))).aggregate_sum("c")) == 5
    assert value(features.remap([1], [10], "a").aggregate_array("a")) == [10]
    assert value(features.distinct("b").size()) == 2
    assert value(ee.FeatureCollection([features, features]).flatten().size()) == 4
    assert value(ee.Feature(features.first()).select(["a"], ["z"], False)) == {
        "type": "Feature", "geometry": None, "properties": {"z": 1}, "id": "0",
    }  # fmt: skip


SQUARES = {"inside": (1, 1, 2, 2), "across": (3, 3, 6, 6), "far": (8, 8, 9, 9), "around": (-1, -1, 10, 10)}

MIDDLE = (0, 0, 4, 4)


def squares() -> Any:
    return ee.FeatureCollection(
        [ee.Feature(ee.Geometry.Rectangle(list(b), None, False), {"name": n}) for n, b in SQUARES.items()]
    )


@pytest.mark.parametrize(
    ("name", "predicate"),
    [
        ("intersects", shapely.intersects),
        ("disjoint", shapely.disjoint),
        ("isContained", shapely.within),
        ("contains", shapely.contains),
    ],
)
@pytest.mark.functions("Filter.{name}", against="shapely")
def test_filters_of_places(name: str, predicate: Callable[[Any, Any], bool]) -> None:
    middle = ee.Geometry.Rectangle(list(MIDDLE), None, False)
    passing = squares().filter(getattr(ee.Filter, name)(leftField=".geo", rightValue=middle))
    expected = [n for n, b in SQUARES.items() if predicate(shapely.box(*b), shapely.box(*MIDDLE))]
    assert value(passing.aggregate_array("name")) == expected
    assert expected


@pytest.mark.functions("Element.getNumber", "Element.setMulti", "Element.get", against="worked example")
def test_several_properties_of_a_feature() -> None:
    feature = ee.ApiFunction.call_("Element.setMulti", ee.Feature(None, {"a": 1, "b": "x"}), {"b": 2.5, "c": [1]})
    assert value(feature)["properties"] == {"a": 1, "b": 2.5, "c": [1]}
    assert value(ee.Feature(feature).getNumber("b")) == 2.5
    assert value(ee.Feature(feature).get("c")) == [1]


@pytest.mark.functions("Collection.union", "Collection.geometry", against="shapely")
def test_the_union_of_features() -> None:
    expected = shapely.union_all([shapely.box(*bounds) for bounds in (MIDDLE, SQUARES["across"])])
    both = (
        squares()
        .filter(ee.Filter.eq("name", "across"))
        .merge(ee.FeatureCollection([ee.Feature(ee.Geometry.Rectangle(list(MIDDLE), None, False))]))
    )
    (united,) = value(both.union(1))["features"]
    assert shapely.geometry.shape(united["geometry"]).equals(expected)
    assert shapely.geometry.shape(value(both.geometry(1))).equals(expected)


@dataclass
class _Tables(FakeCatalog):
    """One table, T/places."""

    def asset(self, asset_id: str) -> FakeAsset | None:
        return FakeAsset(asset_id, "TABLE") if asset_id == "T/places" else None

    def table(self, _: str) -> list[Feature]:
        return [Feature(None, {"system:index": name, "n": n}) for n, name in enumerate("abc")]


@pytest.mark.functions("Collection.loadTable", against="worked example")
def test_a_table_of_the_catalog() -> None:
    one = GraphEngine(_Tables([]))
    table = ee.FeatureCollection("T/places")
    assert one.value(expression(table.aggregate_array("n"))) == [0, 1, 2]
    assert one.value(expression(table.filter(ee.Filter.gt("n", 0)).aggregate_array("system:index"))) == ["b", "c"]
    with pytest.raises(ServiceError, match="Collection asset 'T/nothing' not found"):
        one.value(expression(ee.FeatureCollection("T/nothing").size()))
