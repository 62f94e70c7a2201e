"""From `gs://` addresses to files on this machine. What does not belong here: what is in the files."""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.frame.request_fields import text, texts
from eo_pipeline.sandbox.settings import LiveSettings

_ADDRESS = re.compile(r"gs://(?P<bucket>[^/]+)/(?P<name>.+)", re.DOTALL)

OpenObject = Callable[[str, str], BinaryIO]
"""Opens an object by bucket and name; StorageError if there is none."""


def items(fields: Mapping[str, object], name: str) -> Sequence[Mapping[str, object]]:
    """The list of objects under `name`; empty when absent or null.

    Raises:
        ServiceError: Something else stands there.
    """
    value = fields.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ServiceError(f"Invalid value at '{name}': expected a list of objects, got {str(value)[:100]!r}")
    return value


def addresses(manifest: Mapping[str, object], source: Mapping[str, object]) -> tuple[str, ...]:
    """The addresses of a source's files, the manifest's prefix included.

    Raises:
        ServiceError: There is none, or one is no address of an object.
    """
    prefix = text(manifest, "uriPrefix") or ""
    found = tuple(f"{prefix}{uri}" for uri in texts(source, "uris"))
    if not found:
        raise ServiceError("Invalid value at 'sources.uris': at least one address is required.")
    for address in found:
        if not _ADDRESS.fullmatch(address):
            raise ServiceError(f"Invalid value at 'sources.uris': expected gs://BUCKET/NAME, got '{address[:200]}'.")
    return found


@dataclass(frozen=True)
class Fetch:
    """Copies objects to files."""

    open_object: OpenObject
    settings: LiveSettings
    """Say which buckets are forbidden, and the words of refusals."""

    def __call__(self, address: str, path: Path) -> Path:
        """Copy an object to a file and return its path; memory does not grow with the object.

        Raises:
            ServiceError: There is no such object.
        """
        found = _ADDRESS.fullmatch(address)
        bucket, name = found.group("bucket", "name") if found else ("", "")
        try:
            if bucket in self.settings.now.forbidden_buckets:
                raise self._missing(address)
            with self.open_object(bucket, name) as source, path.open("wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
        except StorageError as error:
            raise self._missing(address) from error
        return path

    def all(self, wanted: Sequence[str], folder: Path) -> Iterator[Path]:
        """Files of several objects, numbered, with the endings of their names."""
        for number, address in enumerate(wanted):
            ending = re.search(r"\.[A-Za-z]{1,5}$", address)
            yield self(address, folder / f"{number}{ending.group().lower() if ending else ''}")

    def _missing(self, address: str) -> ServiceError:
        return ServiceError(self.settings.now.missing_source.replace("{uri}", address))
