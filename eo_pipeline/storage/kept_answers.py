"""Answers of a service kept in a partition's work folder, so that a run after a kill asks only for the rest.

What does not belong here: what an answer says, and when the folder goes.
"""

import json
from pathlib import Path
from typing import Any

from eo_pipeline.storage.checksums import Crc32c
from eo_pipeline.storage.disk_space import room_for


def keep(folder: Path, name: str, answer: Any) -> None:
    """Store plain JSON values under a name; it appears only when it is whole.

    Args:
        folder: local, there already.
        name: without an ending; another answer of that name is replaced. The file begins with a dot, since it is
            never a result.
        answer: numbers come back as they are, to the last bit; NaN is none of JSON.

    Raises:
        DiskFullError: no room; nothing stays behind.
    """
    text = json.dumps(answer, allow_nan=False, separators=(",", ":"))
    data = json.dumps({"crc32c": _crc32c(text), "answer": text}).encode()
    path = _path(folder, name)
    partial = path.with_name(f"{path.name}.part")
    try:
        with room_for(path, len(data)):
            partial.write_bytes(data)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def kept(folder: Path, name: str) -> Any:
    """What was kept under a name; None if there is nothing, or something that is not what was written."""
    try:
        body = json.loads(_path(folder, name).read_bytes())
        text = str(body["answer"])
        return json.loads(text) if body["crc32c"] == _crc32c(text) else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _path(folder: Path, name: str) -> Path:
    return folder / f".{name}.json"


def _crc32c(text: str) -> str:
    checksum = Crc32c()
    checksum.add(text.encode())
    return checksum.text
