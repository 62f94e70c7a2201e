"""What a person is told when Earth Engine cannot be used, and that one process can serve several services."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ee
import pytest

from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine import session as module
from eo_pipeline.earth_engine.session import connect, counted, requests_by_tag
from eo_pipeline.errors import CredentialsError, ServiceError, ServiceUnreachableError
from eo_pipeline_tests.end_to_end.pipeline import PROJECT
from eo_pipeline_tests.sandbox.cloud_storage.server import service_account_key
from eo_pipeline_tests.scenes import Service

COMPUTE = "value:compute$"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits half a minute between its last tries; what is told does not depend on that."""
    monkeypatch.setattr(module, "_MAX_RETRIES", 0)


@pytest.fixture
def changed(service: Service) -> Iterator[Service]:
    """The service for a test that changes its settings; they are restored, and the client connects anew."""
    before = {n: s["value"] for n, s in service.sandbox.control("settings")["settings"].items() if n in CHANGED}
    module._connected.clear()
    yield service
    service.sandbox.control("settings", before)
    service.sandbox.control("faults", method="DELETE")
    module._connected.clear()


CHANGED = ("anonymous", "unregistered_projects", "disabled_projects")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_values_are_computed(service: Service) -> None:
    assert service.session.compute(ee.Number(2).add(3)) == 5


def test_no_project_is_said_before_any_request() -> None:
    with pytest.raises(ServiceError, match="expected a Google Cloud project in EO_PROJECT, got none; set it to a proj"):
        connect(Settings())


def test_nobody_at_the_address_is_no_connection(service: Service) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ServiceUnreachableError) as caught:
        connect(replace(service.settings, earth_engine_url=nowhere))
    said = str(caught.value)
    assert said.startswith(f"expected Earth Engine at {nowhere}, got no connection (") or "Earth Engine:" in said
    assert "EO_EARTH_ENGINE_URL" in said


def test_after_a_failed_connection_the_next_one_works(service: Service) -> None:
    with pytest.raises(ServiceUnreachableError):
        connect(replace(service.settings, earth_engine_url=f"http://127.0.0.1:{free_port()}"))
    assert connect(service.settings).compute(ee.Number(1)) == 1


def test_a_connection_that_breaks_is_no_connection(changed: Service) -> None:
    session = connect(changed.settings)
    changed.sandbox.arm(kind="reset", path=COMPUTE, count=None)
    with pytest.raises(ServiceUnreachableError, match="EO_EARTH_ENGINE_URL"):
        session.compute(ee.Number(1))


def test_a_service_that_wants_credentials_refuses_the_anonymous(changed: Service) -> None:
    changed.sandbox.control("settings", {"anonymous": False})
    with pytest.raises(CredentialsError) as caught:
        connect(changed.settings)
    assert "EO_CREDENTIALS" in str(caught.value) or "eo-pipeline doctor" in str(caught.value)


def test_credentials_that_end_while_connected_are_refused_credentials(changed: Service) -> None:
    session = connect(changed.settings)
    changed.sandbox.control("settings", {"anonymous": False})
    with pytest.raises(CredentialsError, match=r"the credentials were refused .*; renew them or set EO_CREDENTIALS"):
        session.compute(ee.Number(1))


def test_a_token_that_cannot_be_fetched_now_is_no_refused_credentials(changed: Service, tmp_path: Path) -> None:
    key = service_account_key(changed.settings.earth_engine_url, tmp_path)
    changed.sandbox.arm(kind="status", path="/token$", status=503, count=None)
    with pytest.raises(ServiceUnreachableError, match="EO_EARTH_ENGINE_URL") as caught:
        connect(replace(changed.settings, credentials=str(key)))
    assert caught.value.passes


def test_an_unregistered_project_is_told_to_register(changed: Service) -> None:
    changed.sandbox.control("settings", {"unregistered_projects": [PROJECT]})
    with pytest.raises(ServiceError) as caught:
        connect(changed.settings)
    assert f"Earth Engine: Project {PROJECT} is not registered to use Earth Engine" in str(caught.value)
    assert "Register the Cloud project for Earth Engine, then run `eo-pipeline doctor`." in str(caught.value)


def test_a_project_without_the_api_is_told_to_enable_it(changed: Service) -> None:
    changed.sandbox.control("settings", {"disabled_projects": [PROJECT]})
    with pytest.raises(ServiceError) as caught:
        connect(changed.settings)
    assert f"API has not been used in project {PROJECT} before or it is disabled" in str(caught.value)
    assert "Enable the Earth Engine API for the project, then run `eo-pipeline doctor`." in str(caught.value)


@pytest.mark.parametrize(
    ("status", "message", "advice", "passes"),
    [
        (400, "User memory limit exceeded.", "lower export.file_dimensions or area.tile", False),
        (403, "Permission 'earthengine.computations.create' denied.", "Grant the account the role", False),
        (429, "Too many concurrent aggregations.", "", True),
        (500, "An internal error has occurred.", "", True),
    ],
)
def test_refusals_keep_the_service_s_words_and_add_what_to_do(
    changed: Service, status: int, message: str, advice: str, passes: bool
) -> None:
    session = connect(changed.settings)
    changed.sandbox.arm(kind="status", path=COMPUTE, status=status, message=message, reason="X", count=None)
    with pytest.raises(ServiceError) as caught:
        session.compute(ee.Number(1))
    assert str(caught.value).startswith(f"Earth Engine: {message.rstrip('.')}.")
    assert advice in str(caught.value)
    assert caught.value.passes is passes


def test_credentials_are_never_part_of_a_session_s_text() -> None:
    session = module.Session("http://here", "http://here p", "p", '{"private_key": "secret"}')
    assert "secret" not in repr(session)


def test_a_workload_tag_is_of_one_request(service: Service) -> None:
    service.session.compute(ee.Number(1), tag="ndvi")
    assert ee.data.getWorkloadTag() == "ndvi"
    service.session.compute(ee.Number(1))
    assert not ee.data.getWorkloadTag()


def test_requests_are_counted_by_tag(service: Service) -> None:
    session = connect(service.settings)
    assert requests_by_tag(session) == {}
    session.compute(ee.Number(1), tag="ndvi")
    with counted(session) as count:
        session.compute(ee.Number(1), tag="ndvi")
        session.compute(ee.Number(1), tag="other")
        with pytest.raises(ServiceError):
            session.compute(ee.Image("nowhere").bandNames(), tag="ndvi")
        session.call(ee.data.listOperations)
        assert count.requests == 0  # known when the block ends
    session.compute(ee.Number(1), tag="ndvi")
    assert count.by_tag == {"ndvi": 2, "other": 1, "": 1}
    assert count.requests == 3
    assert requests_by_tag(session) == {"ndvi": 4, "other": 1, "": 1}
    assert requests_by_tag(connect(service.settings)) == {}


def test_a_snapshot_of_the_count_does_not_grow(service: Service) -> None:
    session = connect(service.settings)
    before = requests_by_tag(session)
    session.compute(ee.Number(1), tag="ndvi")
    assert before == {}
    assert "ndvi" not in repr(session)


def test_a_failed_block_is_counted_too(service: Service) -> None:
    session = connect(service.settings)
    with pytest.raises(ServiceError), counted(session) as count:
        session.compute(ee.Image("nowhere").bandNames(), tag="ndvi")
    assert count.requests == 1


def test_sessions_of_several_addresses_take_turns(service: Service) -> None:
    other = service.settings.earth_engine_url.replace("127.0.0.1", "localhost")
    here, there = connect(service.settings), connect(replace(service.settings, interactive_url=other), interactive=True)
    assert (here.url, there.url) == (service.settings.earth_engine_url, other)
    assert here.service == there.service
    assert [session.compute(ee.Number(1)) for session in (here, there, here)] == [1, 1, 1]
