"""A folder of this machine. What does not belong here: object stores (`remote`)."""

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import override

from upath import UPath

from eo_pipeline.storage.disk_space import room_for, temporary_folder, unfinished_folder
from eo_pipeline.storage.places.place import Place

_INCOMING = ".incoming"


class LocalPlace(Place):
    """A local folder, which need not exist yet; work in progress is on its own disk, so that a move is atomic."""

    @property
    @override
    def address(self) -> str:
        return str(Path(str(self.root)).absolute())

    @override
    def workspace(self) -> AbstractContextManager[Path]:
        return temporary_folder(Path(str(self.root)) / _INCOMING / uuid.uuid4().hex)

    @override
    def unfinished(self, name: str) -> AbstractContextManager[Path]:
        return unfinished_folder(Path(str(self.root)) / _INCOMING / name)

    @override
    @contextmanager
    def folder_to_fill(self, folder: str) -> Iterator[Path]:
        local = Path(str(self.path(folder)))
        with room_for(local, 0):
            local.mkdir(parents=True, exist_ok=True)
        yield local

    @override
    def folder_to_resume(self, folder: str) -> AbstractContextManager[Path]:
        return self.folder_to_fill(folder)

    @override
    def publish(self, file: Path, target: UPath) -> None:
        with room_for(target, file.stat().st_size):
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(str(target))

    @override
    @contextmanager
    def local_copy(self, file: UPath) -> Iterator[Path]:
        yield Path(str(file))

    @override
    def read(self, file: UPath) -> bytes | None:
        path = Path(str(file))
        return path.read_bytes() if path.exists() else None

    @override
    def names(self, folder: UPath) -> frozenset[str]:
        path = Path(str(folder))
        return frozenset(entry.name for entry in path.iterdir() if entry.is_file()) if path.is_dir() else frozenset()

    @override
    def sizes(self, folder: UPath, start: str) -> Mapping[str, int]:
        path = Path(str(folder))
        top = [entry for entry in path.iterdir() if entry.name.startswith(start)] if path.is_dir() else []
        found = [file for entry in top for file in (entry, *entry.rglob("*"))]
        return {file.relative_to(path).as_posix(): file.stat().st_size for file in found if file.is_file()}

    @override
    def remove(self, file: UPath) -> None:
        path = Path(str(file))
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    @override
    def download_url(self, file: UPath) -> str | None:
        return None
