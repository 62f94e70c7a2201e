"""Where a product's files lie: one local folder or one `gs://` folder, with the same calls.

Paths below the root are made here and nowhere else. A file appears under its final name only when it is whole. What
does not belong here: formats.
"""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upath import UPath

from eo_pipeline.core.settings import Settings
from eo_pipeline.storage.credentials import load_credentials
from eo_pipeline.storage.cubes import CubeAddress
from eo_pipeline.storage.disk_space import room_for

_INCOMING = ".incoming"


@dataclass(frozen=True)
class Place:
    """The root of all products' files.

    Attributes:
        root: local path or gs:// path.
        scratch: local folder for work whose root is remote; the system's if empty.
    """

    root: UPath
    scratch: str = ""

    @property
    def is_local(self) -> bool:
        """True if the root is a folder of this machine."""
        return self.root.protocol in ("", "file", "local")

    @property
    def address(self) -> str:
        """The root as an absolute path or a gs:// address."""
        return str(Path(str(self.root)).absolute()) if self.is_local else str(self.root).rstrip("/")

    def path(self, *parts: str) -> UPath:
        """A path below the root."""
        return self.root.joinpath(*parts)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """A local folder for work in progress, removed afterwards; on the root's disk if the root is local."""
        parent = Path(str(self.root)) / _INCOMING if self.is_local else Path(self.scratch or tempfile.gettempdir())
        folder = parent / uuid.uuid4().hex
        with room_for(folder, 0):
            folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def folder_to_fill(self, folder: str) -> Iterator[Path]:
        """A local folder whose files end up in `folder` below the root: that folder itself, or one sent there later.

        Whoever fills it makes each file appear under its final name only when it is whole.
        """
        if self.is_local:
            local = Path(str(self.path(folder)))
            with room_for(local, 0):
                local.mkdir(parents=True, exist_ok=True)
            yield local
            return
        with self.workspace() as local:
            yield local
            for file in sorted(local.iterdir()):
                self.publish(file, self.path(folder, file.name))

    def publish(self, file: Path, target: UPath) -> None:
        """Move a whole local file to its final name below the root, atomically.

        Raises:
            DiskFullError: there is no space for it.
        """
        with room_for(target, file.stat().st_size):
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.is_local:
                file.replace(str(target))
            else:
                target.fs.put_file(str(file), target.path)
                file.unlink()

    @contextmanager
    def local_copy(self, file: UPath) -> Iterator[Path]:
        """The file as a local path: itself, or a copy that is removed afterwards."""
        if self.is_local:
            yield Path(str(file))
            return
        with self.workspace() as folder:
            copy = folder / file.name
            with room_for(copy, file.stat().st_size):
                file.fs.get_file(file.path, str(copy))
            yield copy

    def remove(self, file: UPath) -> None:
        """Delete a file or a folder with all it holds, if it is there."""
        if file.is_dir():
            file.fs.rm(file.path, recursive=True)
        else:
            file.unlink(missing_ok=True)


def open_place(settings: Settings) -> Place:
    """The deployment's root; a local folder need not exist yet."""
    return Place(UPath(settings.root, **_storage_options(settings)), settings.scratch)


def _storage_options(settings: Settings) -> dict[str, Any]:
    if not settings.root.startswith("gs://"):
        return {}
    anonymous = settings.credentials == "anonymous"
    token: Any = "anon" if anonymous else load_credentials(settings.credentials)
    options: dict[str, Any] = {"token": token, "project": settings.project}
    if settings.storage_url:
        options["endpoint_url"] = settings.storage_url
    return options


def cube_address(settings: Settings, repository: str) -> CubeAddress:
    """Where a cube's repository is: an s3:// or gs:// address of its own, or a path below the root."""
    if "://" in repository:
        uri = repository
    elif settings.root.startswith("gs://"):
        uri = f"{settings.root.rstrip('/')}/{repository}"
    else:
        uri = str(Path(settings.root).absolute() / repository)
    return CubeAddress(uri, _icechunk_options(settings) if uri.startswith("gs://") else {})


def _icechunk_options(settings: Settings) -> dict[str, Any]:
    """Options of `icechunk.gcs_storage`; another address and no signing are said in the key itself."""
    if Path(settings.credentials).is_file():
        return {"service_account_file": settings.credentials}
    if settings.credentials.lstrip().startswith("{"):
        return {"service_account_key": settings.credentials}
    return {"from_env": True}
