"""One file or folder of a drive as a value, and its form on disk. What does not belong here: JSON of the API."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

FOLDER = "application/vnd.google-apps.folder"
WRITING = frozenset({"owner", "organizer", "fileOrganizer", "writer"})


@dataclass(frozen=True)
class Permission:
    """What somebody else may do with a file, and with all that lies in it if it is a folder."""

    id: str
    email: str
    """Address, or `anyone`."""
    role: str
    """reader, commenter or writer."""


@dataclass(frozen=True)
class DriveFile:
    """A file or folder as it is now."""

    id: str
    name: str
    mime_type: str
    parents: tuple[str, ...]
    """Ids of the folders it lies in: one, or none for the root of a drive."""
    owner: str
    """Address of who created it and whose storage it takes."""
    created: str
    """RFC 3339, UTC, milliseconds."""
    modified: str
    """RFC 3339, UTC, milliseconds; of bytes and metadata, not of what lies in a folder."""
    version: int = 1
    """Grows with every change."""
    trashed: bool = False
    starred: bool = False
    description: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    app_properties: Mapping[str, str] = field(default_factory=dict)
    permissions: tuple[Permission, ...] = ()
    """Beside the owner's."""
    content: str | None = None
    """Identity of the file that holds the bytes; None for folders."""
    size: int = 0
    """Bytes."""
    md5: str | None = None
    """Hexadecimal; None for folders."""

    @property
    def is_folder(self) -> bool:
        """Whether other files may lie in it."""
        return self.mime_type == FOLDER

    def to_json(self) -> str:
        """The record as text; `from_json` reads it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "DriveFile":
        """Read what `to_json` wrote."""
        record = json.loads(text)
        permissions = tuple(Permission(**entry) for entry in record["permissions"])
        return cls(**{**record, "parents": tuple(record["parents"]), "permissions": permissions})


def rfc3339(instant: datetime) -> str:
    """An instant as Drive writes it: `2026-01-02T03:04:05.678Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
