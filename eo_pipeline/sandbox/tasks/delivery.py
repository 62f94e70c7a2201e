"""What all exports do with their files: a folder while they are written, then the way to their destination.

What does not belong here: what is in the files, and the stores.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from eo_pipeline.sandbox.frame.journal import Journal
from eo_pipeline.sandbox.settings import LiveSettings
from eo_pipeline.sandbox.tasks.destinations import Destination, Opener, Target
from eo_pipeline.sandbox.tasks.operations import Operation


@dataclass(frozen=True)
class Delivery:
    """Hands files to their destinations."""

    openers: Mapping[str, Opener]
    """By kind of target; every kind that `decode_target` knows."""
    journal: Journal
    """Learns of every file delivered."""
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

    def destination(self, operation: Operation, target: Target) -> Destination:
        """The destination of an operation's target, found usable.

        Raises:
            ServiceError: Nothing can be written there.
        """
        destination = self.openers[target.kind](replace(target, caller=operation.caller))
        destination.check()
        return destination

    def deliver(self, operation: Operation, destination: Destination, name: str, path: Path, content_type: str) -> None:
        """Hand over one whole file.

        Raises:
            ServiceError: The store refuses.
        """
        size = path.stat().st_size
        place = destination.write(name, path, content_type)
        self.journal.record("object", {"operation": operation.name, **place, "bytes": size})
