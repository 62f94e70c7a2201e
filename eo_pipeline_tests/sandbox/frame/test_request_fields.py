from collections.abc import Callable

import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import flag, mapping, number, text, texts, whole


@pytest.mark.parametrize("value", [100000000000, "100000000000", {"value": "100000000000"}, {"value": 1e11}])
def test_whole_numbers_come_plain_as_text_or_wrapped(value: object) -> None:
    assert whole({"maxPixels": value}, "maxPixels") == 100000000000


def test_absent_and_null_are_none() -> None:
    assert whole({}, "a") is None
    assert whole({"a": None}, "a") is None
    assert number({"a": {}}, "a") is None
    assert text({"a": None}, "a") is None
    assert texts({}, "a") == ()
    assert mapping({}, "a") == {}
    assert flag({}, "a") is False


def test_numbers_may_be_special() -> None:
    assert number({"a": "-Infinity"}, "a") == float("-inf")
    assert number({"a": {"value": 1.5}}, "a") == 1.5


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (whole, 1.5),
        (whole, "1.5"),
        (whole, True),
        (whole, 2**63),
        (whole, float("inf")),
        (whole, float("nan")),
        (whole, []),
        (number, "x"),
        (number, False),
        (number, [1]),
        (number, 10**400),
        (text, 1),
        (texts, "abc"),
        (texts, [1]),
        (mapping, []),
        (flag, "true"),
    ],
)
def test_another_kind_is_the_service_s_400(read: Callable[[dict[str, object], str], object], value: object) -> None:
    with pytest.raises(ServiceError, match="Invalid value at 'field'") as caught:
        read({"field": value}, "field")
    assert caught.value.code == 400
