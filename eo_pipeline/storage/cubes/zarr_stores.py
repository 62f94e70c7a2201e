"""Zarr's own stores for cubes of plain Zarr: a folder, or a prefix of S3 or Cloud Storage through obstore.

What does not belong here: what is in them (`plain_zarr`).
"""

from datetime import timedelta
from typing import Any

from obstore.store import GCSStore, S3Store
from zarr.abc.store import Store
from zarr.core.sync import sync
from zarr.storage import LocalStore, ObjectStore

from eo_pipeline.errors import CubeError
from eo_pipeline.storage.cubes.address import CubeAddress

_ROOT = "zarr.json"
"""Name of the document of a root group."""

_PATIENCE: dict[str, Any] = {
    "max_retries": 15,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(seconds=0.5), "max_backoff": timedelta(seconds=5), "base": 2},
}
"""Half a minute to a minute, as writers of Icechunk have it (`opening`)."""

_NAMES = {
    "s3": {
        "endpoint_url": "endpoint",
        "region": "region",
        "access_key_id": "access_key_id",
        "secret_access_key": "secret_access_key",
        "session_token": "session_token",
        "anonymous": "skip_signature",
        "requester_pays": "request_payer",
    },
    "gs": {
        "service_account_file": "service_account",
        "service_account_key": "service_account_key",
        "application_credentials": "application_credentials",
        "bearer_token": "bearer_token",
        "anonymous": "skip_signature",
    },
}
"""Icechunk's names of options, and obstore's."""


def open_zarr_store(address: CubeAddress, *, read_only: bool = False) -> Store:
    """The store at an address; nothing is asked yet, and nothing made.

    Raises:
        CubeError: the address cannot be one, a local path comes with options, or an option is only for Icechunk.
    """
    if address.local_path is not None:
        address.check_local()
        return LocalStore(str(address.local_path), read_only=read_only)
    scheme, bucket, prefix = address.bucket_and_prefix()
    asked = {"prefix": prefix, "retry_config": _PATIENCE, **_translated(scheme, address)}
    upstream = S3Store(bucket, **asked) if scheme == "s3" else GCSStore(bucket, **asked)
    return ObjectStore(upstream, read_only=read_only)


def has_root(store: Store) -> bool:
    """True if a root group or array of format 3 is there."""
    return sync(store.exists(_ROOT))


def some_file(store: Store) -> str | None:
    """The name of any file in a store, None if there is none."""
    return sync(_first(store))


async def _first(store: Store) -> str | None:
    async for name in store.list():
        return name
    return None


def _translated(scheme: str, address: CubeAddress) -> dict[str, Any]:
    """Icechunk's options as keyword arguments of obstore's stores."""
    left = {name: value for name, value in address.options.items() if value}
    left.pop("from_env", None)  # what is not said is the environment's anyway
    config = {name: value for name, value in left.pop("config", {}).items() if name != "allow_http"}
    left.pop("allow_http", None)
    path_style = left.pop("force_path_style", False)
    found = {theirs: left.pop(name) for name, theirs in _NAMES[scheme].items() if name in left}
    if left:
        raise CubeError(
            f"Expected options that plain Zarr can be reached with for {address.uri}, got {', '.join(sorted(left))}; "
            "leave them out, or store the cube in Icechunk."
        )
    return {
        "client_options": {"allow_http": True},  # an endpoint says by itself which it is, also one of the environment
        **found,
        **({"config": config} if config else {}),
        **({"virtual_hosted_style_request": False} if path_style else {}),
    }
