"""Unfinished resumable uploads on disk. What does not belong here: HTTP, and what becomes of the bytes.

A session is a folder `uploads/<id>` of `session.json` and `data`; it survives a restart.
"""

import json
import re
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from eo_pipeline.sandbox.drive.errors import DriveError


@dataclass(frozen=True)
class Session:
    """An upload that was begun."""

    id: str
    who: str
    """Who began it."""
    file_id: str | None
    """The file to change; None to create one."""
    query: Mapping[str, str]
    """Of the first request: fields, addParents, removeParents."""
    resource: Mapping[str, Any]
    """What the client said of the file."""
    content_type: str
    finished: str | None = None
    """Id of the file it became; None while bytes are missing."""


class Sessions:
    """Upload sessions under one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def begin(self, session: Session) -> Session:
        """Keep a session under a new id, without bytes."""
        named = replace(session, id=uuid.uuid4().hex)
        (self._root / named.id).mkdir()
        self.data(named.id).touch()
        self._save(named)
        return named

    def get(self, session_id: str, who: str) -> Session:
        """The session; DriveError 404 when it is unknown, gone or another's."""
        path = self._root / session_id / "session.json"
        found = None
        if re.fullmatch("[0-9a-f]{32}", session_id) and path.exists():
            found = Session(**json.loads(path.read_text(encoding="utf-8")))
        if found is None or found.who != who:
            raise DriveError(404, f"No such upload: {session_id[:100]}", "notFound")
        return found

    def data(self, session_id: str) -> Path:
        """The bytes that arrived so far."""
        return self._root / session_id / "data"

    def finish(self, session: Session, file_id: str) -> None:
        """Remember what became of a session, so that a client whose reply was lost can ask."""
        self._save(replace(session, finished=file_id))

    def drop(self, session_id: str) -> None:
        """Forget a session and its bytes."""
        shutil.rmtree(self._root / session_id, ignore_errors=True)

    def _save(self, session: Session) -> None:
        path = self._root / session.id / "session.json"
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(session)), encoding="utf-8")
        partial.replace(path)
