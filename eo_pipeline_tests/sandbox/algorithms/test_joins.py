"""Elements of two collections, matched: worked examples and plain Python."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline_tests.sandbox.algorithms.scene_collection import (
    GRID,
    JANUARY,
    SCENES,
    all_scenes,
    names,
)
from eo_pipeline_tests.sandbox.graph_support import (
    pixels,
    record,
    value,
)


@pytest.mark.functions("Image.linkCollection", against="worked example")
def test_link_collection_adds_bands_by_index() -> None:
    cloud = record("CS/s1", {"cs": np.full((8, 8), 0.5, "f4")}, time=JANUARY, SCORE=3)
    linked = all_scenes().linkCollection(ee.ImageCollection("CS"), ["cs"], ["SCORE"])
    assert value(linked.first().bandNames(), *SCENES, cloud) == ["B", "Q", "cs"]
    assert value(linked.aggregate_array("SCORE"), *SCENES, cloud) == [3]
    found = [pixels(ee.Image(linked.toList(7).get(number)).select("cs"), GRID, *SCENES, cloud)[0] for number in (0, 1)]
    assert not found[0][1].any()
    assert (found[1][0] == 0.5).all()
    assert found[1][1].all()


@pytest.mark.functions(
    "Join.apply",
    "Join.simple",
    "Join.inverted",
    "Join.saveFirst",
    "Join.inner",
    "Filter.maxDifference",
    against="worked example",
)
def test_joins() -> None:
    left = all_scenes().limit(3)
    right = all_scenes().filter(ee.Filter.gte("CLOUD", 20))
    same = ee.Filter.equals(leftField="CLOUD", rightField="CLOUD")
    assert names(ee.ImageCollection(ee.Join.simple().apply(left, right, same))) == ["s2"]
    assert names(ee.ImageCollection(ee.Join.inverted().apply(left, right, same))) == ["s0", "s1"]
    near = ee.Filter.maxDifference(15, leftField="CLOUD", rightField="CLOUD")
    first = ee.ImageCollection(ee.Join.saveFirst("match", "CLOUD", False).apply(left, right, near))
    assert names(first) == ["s1", "s2"]
    matched = first.map(lambda image: image.set("m", ee.Image(image.get("match")).get("CLOUD")))
    assert value(matched.aggregate_array("m"), *SCENES) == [20, 30]
    pairs = ee.Join.inner().apply(left, right, same)
    assert value(ee.Feature(pairs.first()).propertyNames(), *SCENES) == ["primary", "secondary"]


def numbered(*numbers: int) -> Any:
    return ee.FeatureCollection([ee.Feature(None, {"n": n}) for n in numbers])


@pytest.mark.functions("Join.saveAll", "Join.saveBest", "Filter.maxDifference", against="python")
def test_joins_that_keep_matches() -> None:
    left, right, most = (10, 20, 90), (8, 13, 21, 24), 5
    near = ee.Filter.maxDifference(most, leftField="n", rightField="n")

    def matched(join: Any) -> Any:
        return [
            feature["properties"] for feature in value(join.apply(numbered(*left), numbered(*right), near))["features"]
        ]

    everything = matched(ee.Join.saveAll("m", ordering="n", ascending=False))
    expected = {a: sorted((b for b in right if abs(a - b) <= most), reverse=True) for a in left}
    found = {row["n"]: [match["properties"]["n"] for match in row["m"]] for row in everything}
    assert found == {a: matches for a, matches in expected.items() if matches}
    best = matched(ee.Join.saveBest("m", "apart", outer=True))
    nearest = {a: min(matches, key=lambda b: abs(a - b)) for a, matches in found.items()}
    assert {row["n"]: row["m"]["properties"]["n"] for row in best if "m" in row} == nearest
    assert [row["m"]["properties"]["apart"] for row in best if "m" in row] == [2, 1]
    assert [row["n"] for row in best] == list(left)
