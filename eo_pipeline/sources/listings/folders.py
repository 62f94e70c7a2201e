"""Files of a folder of this machine. What does not belong here: objects of buckets."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from eo_pipeline.core.periods import Period
from eo_pipeline.errors import SourceError
from eo_pipeline.sources.listings.listed import ListedFile


@dataclass(frozen=True)
class Folder:
    """All files in and below a folder.

    Attributes:
        path: of the folder.
    """

    path: Path

    @property
    def name(self) -> str:
        """See Listing."""
        return str(self.path)

    def of(self, period: Period) -> Self:  # noqa: ARG002  # the same for all
        """See Listing."""
        return self

    def files(self) -> tuple[ListedFile, ...]:
        """See Listing."""
        if not self.path.is_dir():
            raise SourceError(f"expected a folder or a listing at {self.path}, got nothing there; correct the address")
        found = (file for file in self.path.rglob("*") if file.is_file())
        return tuple(sorted(told for file, told in with_versions(found) if told is not None))


def with_versions(files: Iterable[Path]) -> Iterator[tuple[Path, ListedFile | None]]:
    """Each file with its size and time as its version; None if it is not there."""
    for file in files:
        try:
            facts = file.stat()
        except FileNotFoundError:
            yield file, None
        else:
            yield file, ListedFile(str(file), f"size={facts.st_size} mtime={facts.st_mtime_ns}")
