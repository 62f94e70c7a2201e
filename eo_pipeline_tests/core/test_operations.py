import pytest

from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.errors import ServiceError

DIGEST = "d" * 40


def test_operations_are_read_from_the_services_json() -> None:
    found = Operation.from_json(
        {
            "name": "projects/p/operations/ABC",
            "metadata": {
                "state": "FAILED",
                "description": f"n.a.p:eo-{DIGEST}-g2",
                "batchEecuUsageSeconds": 12.5,
                "createTime": "2024-01-01T00:00:00Z",
                "progress": 0.5,
                "destinationUris": ["https://x"],
                "attempt": 3,
            },
            "done": True,
            "error": {"code": 3, "message": "User memory limit exceeded."},
        }
    )
    assert found.state is State.FAILED
    assert found.error == "User memory limit exceeded."
    assert (found.eecu_seconds, found.attempt, found.uris) == (12.5, 3, ("https://x",))
    assert found.request_id == f"eo-{DIGEST}-g2"
    assert found.url.endswith("/ABC")


def test_a_state_nobody_documented_is_an_error() -> None:
    with pytest.raises(ServiceError, match="expected the state of projects/p/operations/A as one of"):
        Operation.from_json({"name": "projects/p/operations/A", "metadata": {"state": "DREAMING"}})
