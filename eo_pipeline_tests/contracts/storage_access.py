"""Checks of Cloud Storage where it asks for credentials: who signs in, and what the others are refused.

Not here: what the wire says to a refused caller (the service's own tests).
"""

import pytest

from eo_pipeline_tests.contracts.object_client import Guard, ObjectClient


def lets_in_who_signs_with_a_trusted_key(client: ObjectClient) -> None:
    """A token is only had for a signed assertion, and without one nothing is served."""
    client.write("private", b"1")
    assert client.read("private") == b"1"
    nobody = client.with_key(None)
    with pytest.raises(client.refused):
        nobody.read("private")
    with pytest.raises(client.refused):
        nobody.write("private", b"2")
    assert client.read("private") == b"1"


def refuses_a_key_it_does_not_trust(client: ObjectClient) -> None:
    client.write("trusted", b"1")
    stranger = client.with_key(guard_of(client).stranger)
    with pytest.raises(client.refused):
        stranger.read("trusted")
    with pytest.raises(client.refused):
        stranger.write("trusted", b"2")
    assert client.read("trusted") == b"1"


def refuses_a_bucket_without_permission(client: ObjectClient) -> None:
    outside = client.in_bucket(guard_of(client).forbidden_bucket)
    with pytest.raises(client.refused):
        outside.write("x", b"1")
    with pytest.raises(client.refused):
        outside.read("x")


def guard_of(client: ObjectClient) -> Guard:
    """What the service refuses."""
    guard = client.access.guard
    if guard is None:
        raise ValueError(
            "expected a service that asks for credentials, got one that does not; run GUARDED_CHECKS there"
        )
    return guard
