"""Every function with arguments of wrong types and strange contents: refused as the service refuses, or computed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from eo_pipeline.sandbox.algorithms import registry
from eo_pipeline.sandbox.earth_engine.graph_engine import GraphEngine
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.grids import Grid
from eo_pipeline.sandbox.graph.images import Image
from eo_pipeline.sandbox.graph.signatures import Argument, Signature, wheel_algorithms
from eo_pipeline_tests.sandbox.graph_support import FakeCatalog, record, utm_grid

Node = Mapping[str, Any]

CALLS = 14
"""Calls of each function."""

HANG_SECONDS = 120
"""A hang guard for all calls of a function together; how fast they are, no test says."""

SIGNATURES: Mapping[str, Signature] = {name: e.signature for name, e in registry(wheel_algorithms()).items()}

_DATA = np.arange(64, dtype="u2").reshape(8, 8)
_RECORDS = [record(f"C/s{n}", {"B": _DATA, "Q": _DATA + n}, time=n * 86_400_000, CLOUD=float(n)) for n in range(3)]
GRIDS = [utm_grid(3, 3), Grid("EPSG:4326", (0.01, 0, 14.9, 0, -0.01, 45.2), 3, 3)]


@pytest.fixture(scope="module")
def any_engine() -> GraphEngine:
    return GraphEngine(FakeCatalog(_RECORDS))


def constant(value: object) -> Node:
    return {"constantValue": value}


def call(name: str, /, **arguments: Node) -> Node:
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def listed(*nodes: Node) -> Node:
    return {"arrayValue": {"values": list(nodes)}}


POINT = call("GeometryConstructors.Point", coordinates=constant([15, 45]))
SQUARE = call(
    "GeometryConstructors.Polygon",
    coordinates=constant([[[15, 44.998], [15.002, 44.998], [15.002, 45], [15, 45], [15, 44.998]]]),
)
EMPTY_SHAPE = call("GeometryConstructors.MultiPoint", coordinates=constant([]))
LOADED = call("ImageCollection.load", id=constant("C"))
FEATURE = call("Feature", geometry=SQUARE, metadata=constant({"a": 1, "b": "x"}))
BARE = call("Feature", geometry=constant(None), metadata=constant({"a": None, "c": [1]}))
FIXED = call("Image.load", id=constant("C/s1"))

GOOD: Mapping[str, list[Node]] = {
    "Image<unknown bands>": [
        FIXED,
        call("Image.constant", value=constant(5)),
        call("Image.constant", value=constant([1.5, 2])),
    ],
    "ImageCollection": [LOADED],
    "FeatureCollection": [call("Collection", features=listed(FEATURE, BARE)), LOADED],
    "Element": [FEATURE, FIXED],
    "Feature": [FEATURE, BARE],
    "Geometry": [POINT, SQUARE, EMPTY_SHAPE],
    "Number": [constant(2), constant(-1.5)],
    "Float": [constant(30), constant(0.5)],
    "Integer": [constant(1), constant(3)],
    "Long": [constant(1000)],
    "Boolean": [constant(True), constant(False)],
    "String": [constant("B"), constant("a"), constant("CLOUD"), constant("month")],
    "List<String>": [constant(["B"]), constant(["a", "b"]), constant([".*"])],
    "List<Object>": [constant([1, 2, 3]), constant(["B", 1]), constant([[1, 2], [3, 4]])],
    "List<Float>": [constant([10, 0, 500000, 0, -10, 5000000])],
    "Dictionary<Object>": [constant({"a": 1, "B": 2})],
    "Projection": [call("Projection", crs=constant("EPSG:32633")), constant("EPSG:4326")],
    "Reducer": [call("Reducer.mean"), call("Reducer.minMax"), call("Reducer.toList"), call("Reducer.linearFit")],
    "Kernel": [call("Kernel.square", radius=constant(1), units=constant("pixels"))],
    "Date": [constant("2020-01-05"), constant(0)],
    "DateRange": [call("DateRange", start=constant(0), end=constant(10**12))],
    "Filter": [call("Filter.equals", leftField=constant("a"), rightValue=constant(1))],
    "Algorithm": [{"functionDefinitionValue": {"argumentNames": ["x"], "body": "body"}}],
    "Join": [call("Join.simple"), call("Join.saveAll", matchesKey=constant("m"))],
    "Array": [
        constant([1, 2, 3]),
        constant([[2.0, 1.0], [1.0, 3.0]]),
        call("Array", values=constant([[1, 2], [3, 4]])),
    ],
    "List<Integer>": [constant([0]), constant([0, 1])],
    "ErrorMargin": [call("ErrorMargin", value=constant(1))],
}
STRANGE: list[Node] = [
    *map(
        constant, [None, 0, -1, 3.5, "", "x", "2024-01-01", [], [None], [[]], ["a", 1], {}, {"a": 1}, {"type": "Point"}]
    ),
    *map(
        constant, [True, float("nan"), float("inf"), -float("inf"), 10**30, -(10**18), 1e300, "EPSG:99999", "[", "\0"]
    ),
    *map(constant, [{"type": "Projection", "crs": 4}, {"type": "Date", "value": "x"}, {"precision": "int"}]),
    *(node for nodes in GOOD.values() for node in nodes),
    call("Image.toArray", image=call("Image.toFloat", value=FIXED)),
    call("ImageCollection.toArray", collection=LOADED),
    call("Image.constant", value=call("Array", values=constant([[1, 2], [3, 4]]))),
    call("Collection", features=constant([])),
    call("ImageCollection.fromImages", images=constant([])),
    call("Image.select", input=FIXED, bandSelectors=constant([])),
    call("Image.constant", value=constant(float("nan"))),
]


Chance = np.random.Generator


def chosen(nodes: Sequence[Node], chance: Chance) -> Node:
    return nodes[int(chance.integers(len(nodes)))]


def drawn(argument: Argument, chance: Chance) -> Node:
    """A fitting value in half of all cases, anything else in the others."""
    return chosen(GOOD.get(argument.type, STRANGE) if chance.random() < 0.5 else STRANGE, chance)


def given_to(signature: Signature, chance: Chance) -> dict[str, Node]:
    """All required arguments and some of the others."""
    return {a.name: drawn(a, chance) for a in signature.arguments if not a.optional or chance.random() < 0.4}


def attempt(engine: GraphEngine, name: str, given: Mapping[str, Node]) -> ServiceError | None:
    """Everything a client can ask of a call: its value, its pixels; the refusal if there is one."""
    values = {"result": call(name, **given), "body": {"argumentReference": "x"}}
    expression = {"values": values, "result": "result"}
    try:
        result = engine.evaluate(expression)
        engine.value(expression)
        if isinstance(result, Image):
            for grid in GRIDS:
                engine.read(result, grid)
    except ServiceError as error:
        return error
    except Exception as error:  # noqa: BLE001 - any other kind is what these tests look for
        pytest.fail(f"{name}: {type(error).__name__}: {error} for {given}")
    return None


@pytest.mark.timeout(HANG_SECONDS)
@pytest.mark.parametrize("name", sorted(SIGNATURES))
def test_whatever_the_arguments_the_answer_is_a_value_or_a_refusal(name: str, any_engine: GraphEngine) -> None:
    chance = np.random.default_rng(zlib.crc32(name.encode()))
    for _ in range(CALLS):
        given = given_to(SIGNATURES[name], chance)
        refusal = attempt(any_engine, name, given)
        assert refusal is None or (400 <= refusal.code < 500 and refusal.message), (refusal, given)


def result_of(engine: GraphEngine, name: str, **given: Node) -> object:
    return engine.value({"values": {"r": call(name, **given)}, "result": "r"})


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            call("List.get", list=constant([1]), index=constant(float("nan"))),
            "List.get, argument 'index': Invalid type.",
        ),
        (
            call("List.get", list=constant([1]), index=constant(float("inf"))),
            "List.get, argument 'index': Invalid type.",
        ),
        (call("Join.apply", join=POINT, primary=BARE, secondary=BARE, condition=BARE), "Join.apply, argument 'join'"),
        (call("Feature.setGeometry", feature=LOADED), "Feature.setGeometry: Invalid type."),
        (call("Geometry.area", geometry=constant({"type": "Point"})), "Geometry.area, argument 'geometry': Invalid"),
        (call("ImageCollection.fromImages", images=constant([None])), "argument 'images': Invalid type."),
        (call("Kernel.square", radius=constant(1e9)), "Kernel: A radius of 1e+09 pixels is not within 0 and 256."),
        (
            call("List.repeat", value=constant(1), count=constant(10**9)),
            "List.repeat: 1000000000 elements are too many",
        ),
        (call("List.unzip", list=constant([1, 2])), "List.unzip: Expected a list of lists."),
        (call("Number.int", input=constant(float("nan"))), "Number.int: cannot convert float NaN to integer"),
        (
            call("GeometryConstructors.Point", coordinates=constant([float("nan"), 1])),
            "Invalid geometry: coordinates must be finite numbers.",
        ),
        (
            call("Image.reduceResolution", image=FIXED, reducer=call("Reducer.mean"), maxPixels=constant(0)),
            "maxPixels must be positive, got 0.",
        ),
        (
            call("Image.focalMax", image=FIXED, iterations=constant(101)),
            "At most 100 iterations are possible, got 101.",
        ),
    ],
)
def test_the_refusal_names_what_is_wrong(node: Node, message: str, any_engine: GraphEngine) -> None:
    with pytest.raises(ServiceError) as caught:
        any_engine.value({"values": {"r": node}, "result": "r"})
    assert message in caught.value.message


def test_whole_numbers_beyond_64_bits_become_floating_point(any_engine: GraphEngine) -> None:
    assert result_of(any_engine, "Number.add", left=constant(2**70), right=constant(0)) == float(2**70)
    assert result_of(any_engine, "Number.pow", left=constant(10), right=constant(40)) == 1e40
    assert result_of(any_engine, "Number.pow", left=constant(3), right=constant(39)) == 3**39


def test_the_arguments_fit_often_enough_to_reach_every_function(any_engine: GraphEngine) -> None:
    """With fitting values only, most functions answer: the test above does not stop at the door."""
    chance = np.random.default_rng(1)
    refusals = [
        attempt(
            any_engine, name, {a.name: chosen(GOOD.get(a.type, STRANGE), chance) for a in s.arguments if not a.optional}
        )
        for name, s in SIGNATURES.items()
    ]
    assert refusals.count(None) > 0.6 * len(SIGNATURES)
