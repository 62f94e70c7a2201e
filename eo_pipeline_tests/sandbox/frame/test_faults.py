import pytest

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.faults import FaultBox, decode_fault, parse_fault


def box(*faults: dict[str, object]) -> FaultBox:
    armed = FaultBox()
    for fault in faults:
        armed.arm(decode_fault(fault))
    return armed


def test_a_fault_meets_its_path_and_method_as_often_as_said() -> None:
    faults = box({"kind": "status", "path": "value:compute$", "method": "post", "count": 2})
    assert faults.for_request("GET", "/v1/projects/p/value:compute") is None
    assert faults.for_request("POST", "/v1/projects/p/operations") is None
    assert faults.for_request("POST", "/v1/projects/p/value:compute") is not None
    assert faults.for_request("POST", "/v1/projects/p/value:compute") is not None
    assert faults.for_request("POST", "/v1/projects/p/value:compute") is None
    assert faults.armed() == []


def test_a_fault_may_let_some_pass_first() -> None:
    faults = box({"kind": "reset", "after": 2})
    assert [faults.for_request("GET", "/") is not None for _ in range(4)] == [False, False, True, False]


def test_a_fault_without_count_never_ends() -> None:
    faults = box({"kind": "reset", "count": None})
    assert all(faults.for_request("GET", "/") for _ in range(100))
    faults.clear()
    assert faults.for_request("GET", "/") is None


def test_operations_and_requests_meet_their_own_kinds() -> None:
    faults = box({"kind": "hang", "path": "tile"}, {"kind": "slow"})
    assert faults.for_operation("another") is None
    met = faults.for_operation("tile_7")
    assert met is not None
    assert met.kind == "hang"
    request = faults.for_request("GET", "/tile")
    assert request is not None
    assert request.kind == "slow"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "expected kind among"),
        ({"kind": "explode"}, "expected kind among .* got 'explode'"),
        ({"kind": "status", "stauts": 1}, "expected fields among .* got \\['stauts'\\]"),
        ({"kind": "status", "status": 200}, "expected a status from 400 to 599, got 200"),
        ({"kind": "status", "path": "("}, "expected a regular expression"),
        ({"kind": "slow", "seconds": -1}, "expected seconds from 0 to 3600"),
        ({"kind": "slow", "seconds": "NaN"}, "expected seconds from 0 to 3600"),
        ({"kind": "slow", "after": -1}, "at least 0"),
        ({"kind": "slow", "count": "x"}, "Invalid value at 'count'"),
    ],
)
def test_a_wrong_fault_is_refused(body: dict[str, object], message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        decode_fault(body)


def test_a_fault_is_read_from_a_line() -> None:
    line = r"fail path='^tile_\d+$' count=2 after=1 message='Computation timed out.'"
    body = {"kind": "fail", "path": r"^tile_\d+$", "count": 2, "after": 1, "message": "Computation timed out."}
    assert parse_fault(line) == decode_fault(body)
    assert parse_fault("slow seconds=0.5 count=always") == decode_fault({"kind": "slow", "seconds": 0.5, "count": None})
    assert parse_fault("reset path=a=b").path == "a=b"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "expected kind among .* got ''"),
        ("explode", "expected kind among .* got 'explode'"),
        ("fail message=Too late", "expected NAME=VALUE after the kind, got 'late'; correct or quote it"),
        ("fail message='Too", "close the quotes"),
        ("slow second=1", "expected fields among"),
        ("status count=often", "Invalid value at 'count'"),
    ],
)
def test_a_line_that_is_no_fault_is_refused(line: str, message: str) -> None:
    with pytest.raises(ServiceError, match=message):
        parse_fault(line)
