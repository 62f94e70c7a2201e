"""Where a cube is and in what it is stored: a local folder, S3 or Google Cloud Storage; Icechunk or plain Zarr.

What does not belong here: opening it (`opening`, `zarr_stores`) and finding credentials (they are arguments).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import icechunk

from eo_pipeline.core.cubes.store_kind import StoreKind
from eo_pipeline.errors import CubeError


@dataclass(frozen=True)
class CubeAddress:
    """A cube's address and how to reach it; can be sent to another process.

    Attributes:
        uri: a local path, `s3://bucket/prefix` or `gs://bucket/prefix`.
        options: keyword arguments of `icechunk.s3_storage` (endpoint_url, region, access_key_id, ...) or
            `icechunk.gcs_storage` (service_account_key with a `gcs_base_url` for another endpoint, ...); none = the
            environment's credentials. A local path takes none. Plain Zarr is reached with the same.
        store: Icechunk or plain Zarr.
    """

    uri: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    store: StoreKind = "icechunk"

    @property
    def local_path(self) -> Path | None:
        """The folder of a local cube, None on an object store."""
        return Path(self.uri) if "://" not in self.uri else None

    def bucket_and_prefix(self) -> tuple[str, str, str]:
        """The scheme, s3 or gs, the bucket, and the prefix in it, of a cube on an object store.

        Raises:
            CubeError: the scheme is not s3 or gs, or bucket or prefix is missing.
        """
        parts = urlsplit(self.uri)
        bucket, prefix = parts.netloc, parts.path.strip("/")
        if parts.scheme not in ("s3", "gs") or not bucket or not prefix:
            raise CubeError(
                f"Expected a local path, s3://bucket/prefix or gs://bucket/prefix, got {self.uri}; correct the address."
            )
        return parts.scheme, bucket, prefix

    def check_local(self) -> None:
        """Refuse options of a local path, which needs none.

        Raises:
            CubeError: there are some.
        """
        if self.options:
            raise CubeError(f"Expected no storage options for the local path {self.uri}, got {sorted(self.options)}.")

    def storage(self) -> icechunk.Storage:
        """Icechunk's storage for this address.

        Raises:
            CubeError: the scheme is not s3 or gs, bucket or prefix is missing, or a local path comes with options.
        """
        if self.local_path is not None:
            self.check_local()
            return icechunk.local_filesystem_storage(str(self.local_path))
        scheme, bucket, prefix = self.bucket_and_prefix()
        connect = icechunk.s3_storage if scheme == "s3" else icechunk.gcs_storage
        return connect(bucket=bucket, prefix=prefix, **self.options)
