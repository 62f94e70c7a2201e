"""Clients' assets in a folder: one JSON record each, and folders of files that never change once they are whole.

No text of a request becomes part of a path. What does not belong here: what may be done with an asset, and what is in
its files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from eo_pipeline.sandbox.catalog.user_assets.records import UserAsset, restored


class AssetStore:
    """The assets of all clients.

    Files of deleted and replaced assets stay until the next start, since a computation may still read them.

    Args:
        root: Folder; made when absent.
        now: The present instant.

    Attributes:
        changes: How many there were since the start.
    """

    def __init__(self, root: Path, now: Callable[[], datetime]) -> None:
        self._records, self._data, self._staging = root / "records", root / "data", root / "staging"
        shutil.rmtree(self._staging, ignore_errors=True)
        for folder in (self._records, self._data, self._staging):
            folder.mkdir(parents=True, exist_ok=True)
        self._now = now
        self._lock = threading.RLock()
        self.changes = 0
        self._assets = {asset.id: asset for asset in self._load()}
        self._sweep()

    def changing(self) -> AbstractContextManager[object]:
        """A block in which nobody else changes an asset."""
        return self._lock

    def get(self, asset_id: str) -> UserAsset | None:
        """The asset of an id, or None."""
        with self._lock:
            return self._assets.get(asset_id)

    def children(self, parent_id: str) -> list[UserAsset]:
        """The assets directly in a folder, a collection or a root, by id."""
        with self._lock:
            found = [asset for asset in self._assets.values() if asset.parent == parent_id]
        return sorted(found, key=lambda asset: asset.id)

    def below(self, asset_id: str) -> list[UserAsset]:
        """All assets in a folder, a collection or a root, at any depth, by id."""
        with self._lock:
            found = [asset for asset in self._assets.values() if asset.id.startswith(f"{asset_id}/")]
        return sorted(found, key=lambda asset: asset.id)

    def folder(self, asset: UserAsset) -> Path:
        """The folder of an asset's files."""
        return self._data / asset.folder

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """An empty folder to fill with an asset's files; removed on leaving unless `put` took it."""
        folder = self._staging / uuid.uuid4().hex
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put(self, asset: UserAsset, files: Path | None = None) -> UserAsset:
        """Add an asset, or replace the one of its id; it appears whole or not at all.

        Args:
            asset: What it is; version, folder and size are set here.
            files: A folder from `staged` with its files, which is moved; None leaves the asset's own folder.
        """
        if files is not None:
            size = sum(path.stat().st_size for path in files.iterdir())
            asset = replace(asset, folder=uuid.uuid4().hex, size_bytes=size)
            files.rename(self.folder(asset))
        with self._lock:
            kept = replace(asset, version=self._next_version())
            self._write(kept)
            self._assets[kept.id] = kept
            self.changes += 1
        return kept

    def move(self, asset: UserAsset, new_id: str) -> None:
        """Give an asset, and what is in it, another id."""
        with self._lock:
            for known in (asset, *self.below(asset.id)):
                self.put(replace(known, id=f"{new_id}{known.id.removeprefix(asset.id)}"))
                self.remove(known)

    def remove(self, asset: UserAsset) -> None:
        """Forget an asset."""
        with self._lock:
            self._record_path(asset).unlink(missing_ok=True)
            self._assets.pop(asset.id, None)
            self.changes += 1

    def _next_version(self) -> int:
        """Microseconds since 1970, and greater than every version before."""
        latest = max((asset.version for asset in self._assets.values()), default=0)
        return max(int(self._now().timestamp() * 1e6), latest + 1)

    def _write(self, asset: UserAsset) -> None:
        path = self._record_path(asset)
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asset.stored()), encoding="utf-8")
        draft.replace(path)

    def _record_path(self, asset: UserAsset) -> Path:
        return self._records / f"{hashlib.sha256(asset.id.encode()).hexdigest()}.json"

    def _load(self) -> list[UserAsset]:
        return [restored(json.loads(path.read_text(encoding="utf-8"))) for path in self._records.glob("*.json")]

    def _sweep(self) -> None:
        """Remove the files that no asset has any more."""
        used = {asset.folder for asset in self._assets.values()}
        for folder in self._data.iterdir():
            if folder.name not in used:
                shutil.rmtree(folder)
