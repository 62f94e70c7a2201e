"""Whose credentials a text stands for, and what a person's cover."""

import json
from pathlib import Path
from typing import Any

import ee
import pytest

from eo_pipeline.errors import CredentialsError
from eo_pipeline.sandbox.cloud_storage.keys import write_service_account
from eo_pipeline.storage.credentials import load_person


def test_a_person_may_use_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    (tmp_path / "login.json").write_text(json.dumps({**login, "quota_project_id": "p"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "login.json"))
    found: Any = load_person("application_default")
    assert (found.refresh_token, found.quota_project_id) == ("r", "p")
    assert found.scopes is None, "google-auth would ask for less than the person allowed"


def test_earthengine_authenticate_asks_for_drive_too() -> None:
    assert "https://www.googleapis.com/auth/drive" in ee.oauth.SCOPES


@pytest.mark.parametrize("way", ["file", "text", "application_default"])
def test_a_service_account_is_refused_for_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    key = write_service_account("http://127.0.0.1:9", tmp_path)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    spec = {"file": str(key), "text": key.read_text(), "application_default": way}[way]
    with pytest.raises(
        CredentialsError,
        match=r"Google Drive: expected a person's credentials, got those of the account sandbox@sandbox-project\.iam\."
        r"gserviceaccount\.com, which has no room in Drive; set EO_CREDENTIALS to persistent, .*or export to Cloud Sto",
    ) as caught:
        load_person(spec)
    assert "PRIVATE KEY" not in str(caught.value)
