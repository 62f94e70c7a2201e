"""One file of a drive as listed. What does not belong here: listing."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from eo_pipeline.storage.stored import Flaw

FIELDS = "id,name,size,md5Checksum,createdTime"
"""Of the API's resource, which `newest` reads."""


@dataclass(frozen=True)
class DriveFile:
    """The newest file of a name.

    Attributes:
        name: without folders.
        size: bytes.
        md5: hexadecimal.
        created: when it was written, UTC.
        id: Drive's, of this file alone.
        older: ids of earlier files of the same name, anywhere in the drive.
    """

    name: str
    size: int
    md5: str
    created: datetime
    id: str
    older: tuple[str, ...] = ()

    def difference(self, path: Path) -> tuple[Flaw | None, str]:
        """In what way a file does not hold the same bytes, and in words; None and nothing if it does."""
        size = path.stat().st_size
        if size != self.size:
            return Flaw.TRUNCATED, f"expected {self.size} bytes, got {size}"
        with path.open("rb") as file:
            got = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        return (None, "") if got == self.md5 else (Flaw.CORRUPT, f"expected MD5 {self.md5}, got {got}")


def newest(bodies: Iterable[Mapping[str, Any]]) -> list[DriveFile]:
    """The newest file of each name, sorted by name; what has no bytes of its own, like a document, is left out."""
    found = [body for body in bodies if "md5Checksum" in body]
    found.sort(key=lambda body: (body["name"], body["createdTime"], body["id"]))
    return [_last(*same) for _, same in groupby(found, key=lambda body: str(body["name"]))]


def _last(*bodies: Mapping[str, Any]) -> DriveFile:
    """The last of the files of one name, which are in the order of their creation."""
    *older, last = bodies
    return DriveFile(
        name=str(last["name"]),
        size=int(last["size"]),
        md5=str(last["md5Checksum"]),
        created=datetime.fromisoformat(last["createdTime"]),
        id=str(last["id"]),
        older=tuple(str(body["id"]) for body in older),
    )
