"""What an export left behind, wherever it did: things with a name, a size and a checksum, and their downloads.

What does not belong here: any one store (`objects`, `drive`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Stored(Protocol):
    """Something listed in a store."""

    @property
    def name(self) -> str:
        """Its full name there."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def verify(self, path: Path) -> str:
        """What is wrong with a file that should hold the same bytes; empty if nothing is."""
        ...


@dataclass(frozen=True)
class Download[S: Stored]:
    """What became of one of them: `path` if it is whole, else why not."""

    source: S
    path: Path | None
    problem: str
