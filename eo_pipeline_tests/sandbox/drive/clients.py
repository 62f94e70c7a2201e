"""The real clients of Drive, pointed at a sandbox. What does not belong here: fixtures and expectations."""

import io
import json
from pathlib import Path
from typing import Any

import google.oauth2.credentials
import google.oauth2.service_account
from googleapiclient.discovery import build  # type: ignore[import-untyped]  # has no stubs
from googleapiclient.http import MediaIoBaseDownload, MediaIoBaseUpload  # type: ignore[import-untyped]  # has no stubs

from eo_pipeline.sandbox.cloud_storage.keys import write_service_account

SCOPES = ["https://www.googleapis.com/auth/drive"]
FOLDER = "application/vnd.google-apps.folder"


def person(url: str, email: str = "ada@example.org") -> Any:
    """The credentials of a person; the sandbox's refresh tokens are addresses."""
    info = {"refresh_token": email, "token_uri": f"{url}/token", "client_id": "client", "client_secret": "secret"}
    return google.oauth2.credentials.Credentials(None, **info)


def service_account(url: str, folder: Path) -> Any:
    """The credentials of a service account whose key points at the sandbox."""
    account = json.loads(write_service_account(url, folder).read_text(encoding="utf-8"))
    return google.oauth2.service_account.Credentials.from_service_account_info(account, scopes=SCOPES)


def drive_client(url: str, credentials: Any) -> Any:
    """The client of google-api-python-client from the discovery document it ships."""
    options = {"api_endpoint": f"{url}/drive/v3/"}
    return build("drive", "v3", credentials=credentials, static_discovery=True, client_options=options)


def uploading_client(url: str, credentials: Any) -> Any:
    """The same client from the document that the sandbox serves: uploads go to the address in it."""
    address = f"{url}/discovery/v1/apis/{{api}}/{{apiVersion}}/rest"
    return build(
        "drive",
        "v3",
        credentials=credentials,
        static_discovery=False,
        cache_discovery=False,
        discoveryServiceUrl=address,
    )


def make_folder(client: Any, name: str, **more: Any) -> str:
    """A new folder's id."""
    body = {"name": name, "mimeType": FOLDER, **more}
    return str(client.files().create(body=body, fields="id").execute()["id"])


def upload(client: Any, name: str, content: bytes, *, resumable: bool = False, chunk: int = -1, **more: Any) -> Any:
    """A new file with all its fields."""
    media = MediaIoBaseUpload(io.BytesIO(content), "image/tiff", chunksize=chunk, resumable=resumable)
    return client.files().create(body={"name": name, **more}, media_body=media, fields="*").execute()


def download(client: Any, file_id: str, *, chunk: int = 1 << 20, retries: int = 0) -> bytes:
    """A file's bytes, a range at a time."""
    buffer, done = io.BytesIO(), False
    loader = MediaIoBaseDownload(buffer, client.files().get_media(fileId=file_id), chunksize=chunk)
    while not done:
        _, done = loader.next_chunk(num_retries=retries)
    return buffer.getvalue()


def listed(client: Any, q: str = "", **options: Any) -> list[Any]:
    """Every file a query finds, over all pages."""
    options.setdefault("fields", "nextPageToken,files(id,name)")
    found, request = [], client.files().list(q=q or None, **options)
    while request is not None:
        answer = request.execute()
        found += answer["files"]
        request = client.files().list_next(request, answer)
    return found


def names(client: Any, q: str = "", **options: Any) -> list[str]:
    """Names of all files a query finds, in order."""
    return [file["name"] for file in listed(client, q, **options)]
