"""What all exports do with their files: a folder while they are written, an object when they are whole.

What does not belong here: what is in the files.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eo_pipeline.sandbox.frame.journal import Journal
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.operations import Operation


class Bucket(Protocol):
    """Where finished files go."""

    def check(self, bucket: str) -> None:
        """ServiceError if the bucket is missing or not writable."""
        ...

    def write(self, bucket: str, name: str, source: Path, content_type: str) -> None:
        """Keep a copy of a file as an object; ServiceError if the store refuses."""
        ...


@dataclass(frozen=True)
class Delivery:
    """Hands files to Cloud Storage."""

    bucket: Bucket
    """Takes the finished files."""
    journal: Journal
    """Learns of every object written."""
    settings: LiveSettings
    scratch: Path
    """Holds the files of running exports."""

    @contextmanager
    def folder(self, operation: Operation) -> Iterator[Path]:
        """An empty folder for as long as the block runs."""
        folder = self.scratch / operation.id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def deliver(self, operation: Operation, bucket: str, name: str, path: Path, content_type: str) -> None:
        """Make an object of a file.

        Raises:
            ServiceError: The store refuses.
        """
        size = path.stat().st_size
        self.bucket.write(bucket, name, path, content_type)
        written = {"operation": operation.name, "bucket": bucket, "name": name, "bytes": size}
        self.journal.record("object", written)

    def destinations(self, bucket: str, prefix: str) -> tuple[str, ...]:
        """The destination URIs of objects whose names begin with a prefix."""
        folder = prefix.rpartition("/")[0]
        uri = self.settings.now.destination_uri
        return (uri.replace("{bucket}", bucket).replace("{folder}", f"{folder}/" if folder else ""),)
