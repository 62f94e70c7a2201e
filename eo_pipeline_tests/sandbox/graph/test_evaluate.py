"""Walking expressions: bindings, laziness, depth, errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ee
import numpy as np
import pytest

from eo_pipeline.sandbox.algorithms import FAMILIES
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.expression import Expression
from eo_pipeline.sandbox.graph.registry import Family, build_registry
from eo_pipeline.sandbox.graph.signatures import published_signatures, wheel_algorithms
from eo_pipeline_tests.sandbox.graph_support import engine, expression, pixels, record, utm_grid, value


@pytest.mark.functions("List.map", "Number.add", against="worked example")
def test_a_value_inside_map_depends_on_the_element() -> None:
    shared = ee.Number(10)
    doubled = ee.List([1, 2, 3]).map(lambda n: ee.Number(n).add(shared).add(ee.Number(n)))
    assert value(doubled) == [12, 14, 16]


@pytest.mark.functions("List.map", "Number.multiply", against="worked example")
def test_functions_nest_and_see_the_outer_argument() -> None:
    table = ee.List([1, 2]).map(lambda a: ee.List([10, 20]).map(lambda b: ee.Number(a).multiply(ee.Number(b))))
    assert value(table) == [[10, 20], [20, 40]]


def test_only_the_chosen_branch_of_if_is_evaluated() -> None:
    assert value(ee.Algorithms.If(ee.Number(1), "yes", ee.Image("no/such/image"))) == "yes"
    with pytest.raises(ServiceError, match="'no/such/image' not found"):
        value(ee.Algorithms.If(ee.Number(0), "yes", ee.Image("no/such/image")))


@pytest.mark.parametrize(("condition", "expected"), [(0, "no"), ("", "no"), (None, "no"), ([], "no"), ("a", "yes")])
def test_truth_of_conditions(condition: object, expected: str) -> None:
    assert value(ee.Algorithms.If(condition, "yes", "no")) == expected


def test_iterating_over_a_thousand_images_does_not_overflow() -> None:
    def add(number: Any, image: Any) -> Any:
        return ee.Image(image).add(ee.Image.constant(ee.Number(number)))

    summed = ee.Image(ee.List.sequence(1, 3000).iterate(add, ee.Image(0)))
    ((data, mask),) = pixels(summed, utm_grid(1, 1))
    assert data[0, 0] == 3000 * 3001 / 2
    assert mask[0, 0] == 1


def test_a_chain_of_values_as_deep_as_the_wire_allows() -> None:
    values: dict[str, Any] = {"0": {"constantValue": 0}}
    for number in range(1, 20_001):
        left = {"valueReference": str(number - 1)}
        call = {"functionName": "Number.add", "arguments": {"left": left, "right": {"constantValue": 1}}}
        values[str(number)] = {"functionInvocationValue": call}
    assert engine().value({"values": values, "result": "20000"}) == 20_000


def test_a_shared_value_is_evaluated_once() -> None:
    band = np.ones((4, 4), "u1")
    one = engine(record("C/a", {"B": band}))
    image = ee.ImageCollection("C").first()
    assert one.value(expression(ee.List([image.get("system:index"), image.get("system:index")]))) == ["a", "a"]
    assert len(one.catalog.asked) == 1  # type: ignore[attr-defined]  # the fake's own


def test_an_unknown_function_is_named_and_remembered() -> None:
    one = engine()
    with pytest.raises(ServiceError, match=r"does not implement the function 'Image\.hersDescriptor'") as caught:
        one.value(expression(ee.Image(1).hersDescriptor()))
    assert caught.value.code == 400
    assert one.unknown_functions() == ["Image.hersDescriptor"]


def test_a_function_that_the_service_does_not_have() -> None:
    call = {"functionInvocationValue": {"functionName": "Image.noSuch", "arguments": {}}}
    with pytest.raises(ServiceError, match=r"Function 'Image\.noSuch' not found\."):
        engine().value({"values": {"0": call}, "result": "0"})


def _call(name: str, **arguments: object) -> dict[str, Any]:
    nodes = {key: {"constantValue": content} for key, content in arguments.items()}
    node = {"functionInvocationValue": {"functionName": name, "arguments": nodes}}
    return {"values": {"0": node}, "result": "0"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (_call("Number.add", left=1), "Number.add: Parameter 'right' is required and may not be null."),
        (_call("Number.add", left=1, right=2, up=3), "Number.add: Unrecognized argument 'up'."),
        (_call("Number.add", left=1, right="x"), "Number.add, argument 'right': Invalid type.\nExpected type: Number."),
        (_call("Reducer.unweighted", reducer=5), "Reducer.unweighted, argument 'reducer': Invalid type."),
        (_call("Filter.not", filter="x"), "Filter.not, argument 'filter': Invalid type."),
        (_call("GeometryConstructors.Point", coordinates=["x", "y"]), "Expected type: List<Number>."),
        (_call("String", input=[1]), "Invalid type."),
        ({"values": {}, "result": "7"}, "value reference '7' not found"),
        ({"values": {"0": {"valueReference": "0"}}, "result": "0"}, "a value refers to itself"),
        ({"values": {"0": {"argumentReference": "x"}}, "result": "0"}, r"Unknown variable references: \[x\]."),
        ({"values": {"0": {"odd": 1}}, "result": "0"}, r"expected a node of one kind, got \['odd'\]"),
        ({"result": "0"}, "expected 'values' and 'result'"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        engine().value(body)


def test_free_arguments_follow_references() -> None:
    body = expression(ee.List([1]).map(lambda a: ee.List([2]).map(lambda b: ee.Number(a).add(ee.Number(b)))))
    decoded = Expression(body)
    assert decoded.free_arguments(decoded.result) == frozenset()


def test_every_implementation_fits_its_published_signature() -> None:
    entries = build_registry(FAMILIES, published_signatures(wheel_algorithms()))
    assert {"Image.add", "ImageCollection.load", "Filter.lessThan", "reduce.median"} <= set(entries)


def test_a_misfit_is_refused_by_name() -> None:
    family = Family()
    family.add("Number.add", lambda left, wrong: left + wrong)
    with pytest.raises(ValueError, match=r"Number.add takes \['wrong'\], published are \['left', 'right'\]"):
        build_registry([family], published_signatures(wheel_algorithms()))


def test_a_client_without_the_list_of_functions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"found no file; install earthengine-api 1.7.50"):
        published_signatures(tmp_path / "algorithms.json")
