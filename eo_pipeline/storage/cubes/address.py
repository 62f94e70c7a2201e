"""Where a cube's repository is: a local folder, S3 or Google Cloud Storage.

What does not belong here: opening the repository (`repository`) and finding credentials (they are arguments).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import icechunk

from eo_pipeline.errors import CubeError


@dataclass(frozen=True)
class CubeAddress:
    """A repository's address and how to reach it; can be sent to another process.

    Attributes:
        uri: a local path, `s3://bucket/prefix` or `gs://bucket/prefix`.
        options: keyword arguments of `icechunk.s3_storage` (endpoint_url, region, access_key_id, ...) or
            `icechunk.gcs_storage` (service_account_key with a `gcs_base_url` for another endpoint, ...); none = the
            environment's credentials. A local path takes none.
    """

    uri: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def local_path(self) -> Path | None:
        """The folder of a local repository, None on an object store."""
        return Path(self.uri) if "://" not in self.uri else None

    def storage(self) -> icechunk.Storage:
        """Icechunk's storage for this address.

        Raises:
            CubeError: the scheme is not s3 or gs, bucket or prefix is missing, or a local path comes with options.
        """
        if self.local_path is not None:
            if self.options:
                raise CubeError(
                    f"Expected no storage options for the local path {self.uri}, got {sorted(self.options)}."
                )
            return icechunk.local_filesystem_storage(str(self.local_path))
        parts = urlsplit(self.uri)
        bucket, prefix = parts.netloc, parts.path.strip("/")
        if parts.scheme not in ("s3", "gs") or not bucket or not prefix:
            raise CubeError(
                f"Expected a local path, s3://bucket/prefix or gs://bucket/prefix, got {self.uri}; correct the address."
            )
        connect = icechunk.s3_storage if parts.scheme == "s3" else icechunk.gcs_storage
        return connect(bucket=bucket, prefix=prefix, **self.options)
