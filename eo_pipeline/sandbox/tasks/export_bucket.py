"""Exports' way into the sandbox's Cloud Storage. What does not belong here: the store itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.store import Store
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.destinations import Opener, Target


class Bucket(Protocol):
    """Buckets as exports use them."""

    def check(self, bucket: str) -> None:
        """ServiceError if the bucket is missing or not writable."""
        ...

    def write(self, bucket: str, name: str, source: Path, content_type: str) -> None:
        """Keep a copy of a file as an object; ServiceError if the store refuses."""
        ...


@dataclass(frozen=True)
class BucketDestination:
    """One bucket as the destination of an export."""

    store: Bucket
    settings: LiveSettings
    bucket: str
    prefix: str
    """Names of all objects begin with it."""

    def check(self) -> None:
        """See Destination.check."""
        self.store.check(self.bucket)

    def write(self, name: str, source: Path, content_type: str) -> dict[str, object]:
        """See Destination.write."""
        self.store.write(self.bucket, name, source, content_type)
        return {"bucket": self.bucket, "name": name}

    def uris(self) -> tuple[str, ...]:
        """See Destination.uris."""
        folder = self.prefix.rpartition("/")[0]
        uri = self.settings.now.destination_uri
        return (uri.replace("{bucket}", self.bucket).replace("{folder}", f"{folder}/" if folder else ""),)


def bucket_opener(store: Bucket, settings: LiveSettings) -> Opener:
    """Opens `cloudStorageDestination`s."""

    def opened(target: Target) -> BucketDestination:
        return BucketDestination(store, settings, str(target.fields["bucket"]), target.prefix)

    return opened


class StoreBucket:
    """Writes finished files into a store, and words its refusals as Earth Engine does.

    Args:
        store: Holds the buckets.
        settings: Name unwritable buckets and give the texts.
    """

    def __init__(self, store: Store, settings: LiveSettings) -> None:
        self._store = store
        self._settings = settings

    def check(self, bucket: str) -> None:
        """Make sure that a bucket can be written to.

        Raises:
            ServiceError: It is missing, or the settings say that nobody may write to it.
        """
        settings = self._settings.now
        try:
            self._store.bucket(bucket)
        except StorageError as error:
            raise ServiceError(settings.missing_bucket.replace("{bucket}", bucket)) from error
        if bucket in {*settings.read_only_buckets, *settings.forbidden_buckets}:
            raise ServiceError(settings.unwritable_bucket.replace("{bucket}", bucket))

    def write(self, bucket: str, name: str, source: Path, content_type: str) -> None:
        """Keep a copy of a file as an object.

        Raises:
            ServiceError: The bucket is gone, or the store refuses the name.
        """
        self.check(bucket)
        try:
            self._store.write(bucket, name, source, content_type)
        except StorageError as error:
            raise ServiceError(error.message) from error
