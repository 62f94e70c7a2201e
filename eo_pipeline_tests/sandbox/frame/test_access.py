"""Who may use Earth Engine here, as the real client learns it."""

from collections.abc import Callable
from typing import Any

import ee
import google.auth.exceptions
import google.oauth2.credentials
import pytest
import requests

from eo_pipeline_tests.processes import SandboxProcess
from eo_pipeline_tests.sandbox.clients import PROJECT, initialize

Start = Callable[..., SandboxProcess]


def test_an_unregistered_project_is_refused_in_the_service_s_words(start_sandbox: Start) -> None:
    server = start_sandbox(settings={"unregistered_projects": [PROJECT]})
    with pytest.raises(ee.EEException, match=f"Project {PROJECT} is not registered to use Earth Engine. Visit https"):
        initialize(server)


def test_a_disabled_api_is_refused_in_the_service_s_words(start_sandbox: Start) -> None:
    server = start_sandbox(settings={"disabled_projects": [PROJECT]})
    message = f"Earth Engine API has not been used in project {PROJECT} before or it is disabled"
    with pytest.raises(ee.EEException, match=message):
        initialize(server)


def test_without_anonymous_access_a_token_is_needed(start_sandbox: Start) -> None:
    server = start_sandbox(settings={"anonymous": False})
    refused = requests.get(f"{server.url}/v1/projects/{PROJECT}/algorithms", timeout=5)
    assert refused.status_code == 401
    assert "missing required authentication credential" in refused.json()["error"]["message"]
    with pytest.raises(google.auth.exceptions.InvalidOperation, match="Anonymous credentials cannot be refreshed"):
        initialize(server)
    ee.Reset()
    token: Any = google.oauth2.credentials.Credentials("token")
    ee.Initialize(token, url=server.url, project=PROJECT)
    assert ee.Number(1).add(1).getInfo() == 2


def signed_in(server: SandboxProcess, email: str = "ada@example.org") -> Any:
    """Credentials with a refresh token that the sandbox's token endpoint takes; `ee` is initialised with them."""
    info = {"refresh_token": email, "token_uri": f"{server.url}/token", "client_id": "client", "client_secret": "s"}
    credentials: Any = google.oauth2.credentials.Credentials(None, **info)
    ee.Reset()
    ee.Initialize(credentials, url=server.url, project=PROJECT)
    ee.data.setMaxRetries(0)
    return credentials


def test_an_expired_token_is_answered_401_and_the_client_fetches_another(start_sandbox: Start) -> None:
    server = start_sandbox(speed=0, settings={"token_seconds": 600, "anonymous": False})
    credentials = signed_in(server)
    assert ee.Number(1).getInfo() == 1
    first = credentials.token
    server.control("clock", {"tick": 601})
    url, bearer = f"{server.url}/v1/projects/{PROJECT}/algorithms", {"Authorization": f"Bearer {first}"}
    refused = requests.get(url, headers=bearer, timeout=9)
    assert (refused.status_code, refused.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert "invalid authentication credentials" in refused.json()["error"]["message"]
    assert ee.Number(2).getInfo() == 2
    assert credentials.token != first


def test_tokens_are_expired_on_request(start_sandbox: Start) -> None:
    server = start_sandbox()
    credentials = signed_in(server)
    first = credentials.token
    assert ee.Number(1).getInfo() == 1
    assert credentials.token == first
    server.control("tokens", method="DELETE")
    assert ee.Number(1).getInfo() == 1
    assert credentials.token != first


def test_foreign_tokens_are_refused_where_the_setting_says_so(start_sandbox: Start) -> None:
    server = start_sandbox(settings={"foreign_tokens": False})
    url = f"{server.url}/v1/projects/{PROJECT}/algorithms"
    assert requests.get(url, headers={"Authorization": "Bearer foreign"}, timeout=9).status_code == 401
    signed_in(server)
    assert ee.Number(1).getInfo() == 1


def test_a_missing_role_is_refused_in_the_service_s_words(start_sandbox: Start) -> None:
    server = start_sandbox()
    initialize(server)
    server.control("settings", {"denied_permissions": [f"{PROJECT}:earthengine.computations.create"]})
    message = f"Permission 'earthengine.computations.create' denied on resource 'projects/{PROJECT}'"
    with pytest.raises(ee.EEException, match=message):
        ee.Number(1).getInfo()
    assert ee.data.listOperations() == []
    server.control("settings", {"denied_permissions": [f"{PROJECT}:serviceusage.services.use"]})
    with pytest.raises(ee.EEException, match=f"required permission to use project {PROJECT}. Grant the caller"):
        ee.data.listOperations()
