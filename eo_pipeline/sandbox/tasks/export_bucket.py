"""Exports' way into the sandbox's Cloud Storage. What does not belong here: the store itself."""

from pathlib import Path

from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.store import Store
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.settings import LiveSettings


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
