"""Google credentials from a deployment's settings.

What does not belong here: where the text of the settings comes from, and which service the credentials are for.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.oauth2.credentials
from google.oauth2 import service_account

from eo_pipeline.errors import CredentialsError

SCOPES = ("https://www.googleapis.com/auth/earthengine", "https://www.googleapis.com/auth/devstorage.read_write")

DRIVE_ADVICE = (
    "set EO_CREDENTIALS to persistent, after `earthengine authenticate` and allowing all it asks for, or export to "
    "Cloud Storage"
)

_EXPECTED = (
    "set EO_CREDENTIALS to application_default (after `gcloud auth application-default login`), persistent (after "
    "`earthengine authenticate`), a service account's JSON file, or anonymous for the sandbox"
)


def load_credentials(spec: str) -> google.auth.credentials.Credentials:
    """Credentials of a `Settings.credentials` text.

    Raises:
        CredentialsError: if there are none or they cannot be read; the message holds no secret.
    """
    if spec == "anonymous":
        return google.auth.credentials.AnonymousCredentials()
    if spec == "application_default":
        return _application_default()
    if spec == "persistent":
        return _persistent()
    return _service_account(spec)


def load_person(spec: str) -> google.auth.credentials.Credentials:
    """Credentials of a person, for Google Drive, where service accounts have no room; anonymous ones for the sandbox.

    A person's cover what the person allowed when they logged in, so nothing more is asked for here.

    Raises:
        CredentialsError: they are no person's, or see `load_credentials`.
    """
    found = load_credentials(spec)
    if isinstance(found, google.oauth2.credentials.Credentials | google.auth.credentials.AnonymousCredentials):
        return found
    account = getattr(found, "service_account_email", "") or type(found).__name__
    raise CredentialsError(
        f"Google Drive: expected a person's credentials, got those of the account {account}, which has no room in "
        f"Drive; {DRIVE_ADVICE}"
    )


def describe_credentials(spec: str) -> str:
    """What kind of credentials a `Settings.credentials` text stands for, without any secret.

    Raises:
        CredentialsError: see `load_credentials`.
    """
    found = load_credentials(spec)
    account = getattr(found, "service_account_email", "")
    who = f"service account {account}" if account else "a person's"
    kinds = {
        "anonymous": "anonymous, which only the sandbox accepts",
        "application_default": f"application default credentials ({who})",
        "persistent": f"credentials of `earthengine authenticate` ({who})",
    }
    return kinds.get(spec) or f"{who} (key in {_place(spec)})"


def _application_default() -> google.auth.credentials.Credentials:
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except google.auth.exceptions.DefaultCredentialsError as error:
        raise CredentialsError(f"expected Google credentials on this machine, found none; {_EXPECTED}") from error
    return credentials


def _persistent() -> google.auth.credentials.Credentials:
    import ee  # noqa: PLC0415  # slow to import, and only this kind of credentials needs it

    try:
        found: google.auth.credentials.Credentials = ee.data.get_persistent_credentials()
    except ee.EEException as error:
        raise CredentialsError(
            f"expected a person's Earth Engine credentials on this machine, found none; {_EXPECTED}"
        ) from error
    return found


def _service_account(spec: str) -> google.auth.credentials.Credentials:
    try:
        found: google.auth.credentials.Credentials = service_account.Credentials.from_service_account_info(
            service_account_key(spec), scopes=SCOPES
        )
    except ValueError as error:
        raise CredentialsError(
            f"expected a service account's key in {_place(spec)}, got JSON without a usable key "
            "(client_email, token_uri, private_key); create a new key"
        ) from error
    return found


def service_account_key(spec: str) -> Mapping[str, Any]:
    """The fields of a service account's JSON, given as text or by its file.

    Raises:
        CredentialsError: it cannot be read; the message holds no secret.
    """
    text = spec if spec.lstrip().startswith("{") else _read(Path(spec))
    try:
        key = json.loads(text)
    except json.JSONDecodeError as error:
        raise CredentialsError(
            f"expected a service account's JSON in {_place(spec)}, got other text; {_EXPECTED}"
        ) from error
    if not isinstance(key, dict):
        raise CredentialsError(f"expected a JSON object in {_place(spec)}, got a {type(key).__name__}; {_EXPECTED}")
    return key


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CredentialsError(
            f"expected a service account's file at {path}, found none that can be read; {_EXPECTED}"
        ) from error


def _place(spec: str) -> str:
    return "EO_CREDENTIALS" if spec.lstrip().startswith("{") else f"the file {spec}"
