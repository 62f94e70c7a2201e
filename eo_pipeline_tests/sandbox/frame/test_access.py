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
