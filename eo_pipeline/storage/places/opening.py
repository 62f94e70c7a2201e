"""From a deployment's settings to its root, and to where a cube is.

What does not belong here: moving bytes.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from upath import UPath

from eo_pipeline.core.cubes.store_kind import StoreKind
from eo_pipeline.core.settings import Settings
from eo_pipeline.errors import SettingsError
from eo_pipeline.storage.credentials import load_credentials, service_account_key
from eo_pipeline.storage.cubes import CubeAddress
from eo_pipeline.storage.objects import open_bucket
from eo_pipeline.storage.places.local import LocalPlace
from eo_pipeline.storage.places.place import Place
from eo_pipeline.storage.places.remote import BROWSER_DOWNLOADS, BucketPlace

REMOTE = "gs://"
_NO_KEY = {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
"""What Icechunk takes for "do not sign": without it, a write asks for a token."""


def open_place(settings: Settings) -> Place:
    """The deployment's root; no request is made yet, and a local folder need not exist.

    Raises:
        SettingsError: the root is neither a folder nor `gs://bucket/folder`.
        CredentialsError: see `load_credentials`.
    """
    if "://" not in settings.root:
        return LocalPlace(UPath(settings.root))
    name = settings.root.removeprefix(REMOTE).partition("/")[0]
    if not settings.root.startswith(REMOTE) or not name:
        raise SettingsError(
            f"EO_ROOT: expected a local folder or gs://bucket/folder, got {settings.root!r}; correct it"
        )
    return BucketPlace(
        UPath(settings.root.rstrip("/"), **_options(settings)),
        open_bucket(settings, name, named_by="EO_ROOT"),
        scratch=settings.scratch,
        downloads=settings.storage_url or BROWSER_DOWNLOADS,
    )


def _options(settings: Settings) -> dict[str, Any]:
    """For others who open a path by fsspec; our own bytes go through the bucket."""
    token = "anon" if settings.credentials == "anonymous" else load_credentials(settings.credentials)
    endpoint = {"endpoint_url": settings.storage_url} if settings.storage_url else {}
    return {"token": token, "project": settings.project, **endpoint}


def cube_address(settings: Settings, repository: str, store: StoreKind = "icechunk") -> CubeAddress:
    """Where a cube is: an s3:// or gs:// address of its own, or a path below the root.

    Raises:
        SettingsError: cubes cannot use the deployment's credentials.
    """
    if "://" in repository:
        uri = repository
    elif settings.root.startswith(REMOTE):
        uri = f"{settings.root.rstrip('/')}/{repository}"
    else:
        uri = str(Path(settings.root).absolute() / repository)
    return CubeAddress(uri, _icechunk_options(settings) if uri.startswith(REMOTE) else {}, store)


def _icechunk_options(settings: Settings) -> dict[str, Any]:
    """Options of `icechunk.gcs_storage`; another address and no signing are said in the key itself."""
    spec = settings.credentials
    if spec == "anonymous":
        key: Mapping[str, Any] = _NO_KEY
    elif spec in ("application_default", "persistent"):
        if spec == "persistent" or settings.storage_url:
            raise SettingsError(
                f"expected credentials that a cube on gs:// can use, got EO_CREDENTIALS={spec}"
                f"{' with EO_STORAGE_URL' if settings.storage_url else ''}; use a service account's file, or keep the "
                "cube on a local root"
            )
        return {"from_env": True}
    else:
        key = service_account_key(spec)
    if not settings.storage_url:
        return {"service_account_key": json.dumps(key)}
    there = {**key, "gcs_base_url": settings.storage_url}
    plain = {"config": {"allow_http": "true"}} if settings.storage_url.startswith("http://") else {}
    return {"service_account_key": json.dumps(there), **plain}
