"""Queries and filters on properties."""

import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.stac.conditions import cql2_condition, query_condition
from eo_pipeline.sandbox.stac.fields import Fields
from eo_pipeline.sandbox.stac.physical import physical

SCENE = {"eo:cloud_cover": 12.5, "platform": "sentinel-2a", "s2:sequence": "0"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"eo:cloud_cover": {"lt": 12.5}}, False),
        ({"eo:cloud_cover": {"lte": 12.5, "gt": 12}}, True),
        ({"eo:cloud_cover": {"lt": "20"}}, True),
        ({"properties.platform": {"eq": "sentinel-2a"}}, True),
        ({"platform": {"neq": "sentinel-2a"}}, False),
        ({"platform": {"in": ["sentinel-2a", "sentinel-2b"]}}, True),
        ({"platform": {"startsWith": "sentinel", "endsWith": "a", "contains": "-2"}}, True),
        ({"platform": {"gt": 3}}, False),
        ({"absent": {"eq": 1}}, False),
        ({"absent": {"neq": 1}}, True),
        ({}, True),
    ],
)
def test_queries(query: dict[str, object], expected: bool) -> None:
    assert query_condition(query)(SCENE) is expected


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({"op": "between", "args": [{"property": "eo:cloud_cover"}, 10, 12.5]}, True),
        ({"op": "not", "args": [{"op": "=", "args": [{"property": "platform"}, "sentinel-2a"]}]}, False),
        ({"op": "isNull", "args": [{"property": "absent"}]}, True),
        (
            {
                "op": "or",
                "args": [
                    {"op": "<>", "args": [{"property": "platform"}, "sentinel-2a"]},
                    {"op": ">", "args": [{"property": "eo:cloud_cover"}, 12]},
                ],
            },
            True,
        ),
    ],
)
def test_filters(filter_: dict[str, object], expected: bool) -> None:
    assert cql2_condition(filter_)(SCENE) is expected


def test_a_filter_nested_without_end_is_refused() -> None:
    filter_: dict[str, object] = {"op": "isNull", "args": [{"property": "a"}]}
    for _ in range(60):
        filter_ = {"op": "not", "args": [filter_]}
    with pytest.raises(ServiceError, match="filter: expected CQL2 as JSON"):
        cql2_condition(filter_)


def test_fields_keep_what_makes_an_item() -> None:
    item = {
        "id": "a",
        "stac_version": "1.0.0",
        "assets": {"red": {}, "scl": {}},
        "properties": {"datetime": "t", "b": 1},
    }
    assert Fields(include=("properties.b",)).of(item) == item
    assert Fields(exclude=("assets.red", "properties")).of(item) == {
        "id": "a",
        "stac_version": "1.0.0",
        "assets": {"scl": {}},
    }
    assert Fields().of(item) == item


def test_scales_are_those_of_earth_engines_catalogue() -> None:
    assert physical("LANDSAT/LC08/C02/T1_L2", "SR_B4") == {"scale": 2.75e-05, "offset": -0.2}
    assert physical("LANDSAT/LC09/C02/T1_L2", "ST_B10") == {"scale": 0.00341802, "offset": 149.0}
    assert physical("COPERNICUS/S2_SR_HARMONIZED", "B8A") == {"scale": 0.0001, "offset": 0.0}
    assert physical("COPERNICUS/S2_SR_HARMONIZED", "SCL") == {}
    assert physical("local/days", "B4") == {}
