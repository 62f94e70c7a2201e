"""Unfinished uploads on disk: resumable sessions and parts of multipart uploads. Not here: HTTP, publishing objects.

A session is a folder ``uploads/<id>``: ``session.json`` and either ``data`` or numbered part files; it
survives a restart.
"""

import json
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from eo_pipeline.sandbox.cloud_storage.conditions import ALWAYS, Conditions
from eo_pipeline.sandbox.cloud_storage.errors import StorageError
from eo_pipeline.sandbox.cloud_storage.objects import Attributes, Checksums


@dataclass(frozen=True)
class Session:
    """An upload that was begun."""

    id: str
    bucket: str
    name: str
    attributes: Attributes
    conditions: Conditions = ALWAYS
    expected: Checksums = field(default_factory=Checksums)
    generation: int | None = None
    """Generation of the object it became; None while unfinished."""


class Sessions:
    """Upload sessions under one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def begin(self, make: Callable[[str], Session]) -> Session:
        """Record the session that `make` builds around a new id."""
        session = make(uuid.uuid4().hex)
        self._folder(session.id).mkdir()
        self.data(session.id).touch()
        self._save(session)
        return session

    def get(self, session_id: str) -> Session:
        """The session; StorageError 404 when it is unknown, cancelled or gone."""
        path = self._folder(session_id) / "session.json"
        if not re.fullmatch("[0-9a-f]{32}", session_id) or not path.exists():
            raise StorageError(404, f"No such upload: {session_id}", "notFound")
        record = json.loads(path.read_text(encoding="utf-8"))
        return Session(
            **{
                **record,
                "attributes": Attributes(**record["attributes"]),
                "conditions": Conditions(**record["conditions"]),
                "expected": Checksums(**record["expected"]),
            }
        )

    def data(self, session_id: str) -> Path:
        """The bytes that arrived so far in a resumable session."""
        return self._folder(session_id) / "data"

    def part(self, session_id: str, number: int) -> Path:
        """The bytes of one part of a multipart upload."""
        return self._folder(session_id) / f"{number:05d}"

    def finish(self, session: Session, generation: int) -> None:
        """Remember what became of a session, so that a client whose reply was lost can ask."""
        self._save(replace(session, generation=generation))

    def drop(self, session_id: str) -> None:
        """Forget a session and its bytes."""
        shutil.rmtree(self._folder(session_id), ignore_errors=True)

    def _folder(self, session_id: str) -> Path:
        return self._root / session_id

    def _save(self, session: Session) -> None:
        path = self._folder(session.id) / "session.json"
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(session)), encoding="utf-8")
        partial.replace(path)
