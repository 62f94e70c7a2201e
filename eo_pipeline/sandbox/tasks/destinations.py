"""Where the finished files of an export go: the seam between exporters and stores of files.

An exporter knows a `Destination` only. A store (Cloud Storage, Drive) makes one of the `Target` that a request names.
What does not belong here: any store, and what is in the files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import mapping, text

_REQUIRED: Mapping[str, tuple[str, ...]] = {"cloudStorageDestination": ("bucket",), "driveDestination": ()}
"""Kinds of file destinations and the fields that each must have."""


@dataclass(frozen=True)
class Target:
    """The destination that a request names."""

    kind: str
    """The request's own word, `cloudStorageDestination`."""
    fields: Mapping[str, object]
    """What the request says under that word."""
    prefix: str
    """Names of files begin with it."""
    caller: str | None = None
    """Address of who submitted the export; None where nobody said so."""


class Destination(Protocol):
    """Takes the files of one export, whole ones only."""

    def check(self) -> None:
        """Called once before anything is computed.

        Raises:
            ServiceError: Nothing can be written there; the operation ends with this text.
        """
        ...

    def write(self, name: str, source: Path, content_type: str) -> Mapping[str, object]:
        """Keep a copy of a file under a name that begins with the target's prefix.

        Returns:
            Where it is now, in words of the store, for the journal.

        Raises:
            ServiceError: The store refuses; the operation ends with this text.
        """
        ...

    def uris(self) -> tuple[str, ...]:
        """The operation's destinationUris once all files are written."""
        ...


Opener = Callable[[Target], Destination]
"""Makes a destination of what a request says; each store brings one."""


def decode_target(options: Mapping[str, object], *, description: str) -> Target:
    """The destination among the `fileExportOptions` of a request.

    Args:
        options: The request's `fileExportOptions`.
        description: Of the export; names its files if the request gives no prefix.

    Raises:
        ServiceError: None of the known destinations is named, or a field of it is missing or of the wrong kind.
    """
    for kind, required in _REQUIRED.items():
        fields = mapping(options, kind)
        if fields and all(text(fields, name) for name in required):
            return Target(kind, fields, text(fields, "filenamePrefix") or description)
    known = " or ".join(".".join(("fileExportOptions", kind, *fields)) for kind, fields in _REQUIRED.items())
    raise ServiceError(f"sandbox: expected {known}, got {sorted(options)}; name one of them.")
