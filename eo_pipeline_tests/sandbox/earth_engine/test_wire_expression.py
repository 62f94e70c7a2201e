import json

import ee
import pytest

from eo_pipeline.sandbox.earth_engine.wire_expression import checked_expression
from eo_pipeline.sandbox.errors import ServiceError


def test_what_the_real_client_writes_passes() -> None:
    """Written by earthengine-api 1.7.50's serialiser for nodes that need no server to be built."""
    written = json.loads(
        ee.serializer.toJSON({"numbers": [1, 2.5, None], "text": "a", "truth": {"deep": [True, [2**60]]}})
    )
    assert checked_expression({"expression": written}) == written


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (7, "expected a node, got '7'"),
        ({}, "expected a node of one kind"),
        ({"constantValue": 1, "valueReference": "0"}, "expected a node of one kind"),
        ({"integerValue": "x"}, "'integerValue'"),
        ({"integerValue": None}, "a whole number is required"),
        ({"valueReference": 3}, "'valueReference'"),
        ({"argumentReference": None}, "'argumentReference': a text is required"),
        ({"arrayValue": {"values": 1}}, "'arrayValue.values': expected a list"),
        ({"arrayValue": {"values": [1]}}, "expected a node, got '1'"),
        ({"dictionaryValue": {"values": []}}, "'values'"),
        ({"functionDefinitionValue": {"argumentNames": ["a"], "body": []}}, "'body'"),
        ({"functionDefinitionValue": {"argumentNames": "a", "body": "0"}}, "'argumentNames'"),
        ({"functionInvocationValue": {"arguments": {}}}, "a function is required"),
        (
            {"functionInvocationValue": {"functionName": "f", "arguments": {"x": {"y": 1}}}},
            "expected a node of one kind",
        ),
    ],
)
def test_a_malformed_node_is_refused(node: object, message: str) -> None:
    with pytest.raises(ServiceError, match=message) as caught:
        checked_expression({"expression": {"values": {"0": node}, "result": "0"}})
    assert caught.value.code == 400


def test_a_deep_expression_is_no_burden() -> None:
    node: object = {"constantValue": 1}
    for _ in range(100_000):
        node = {"arrayValue": {"values": [node]}}
    checked_expression({"expression": {"values": {"0": node}, "result": "0"}})
