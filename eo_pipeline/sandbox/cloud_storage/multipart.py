"""The ``multipart/related`` body of an upload, read from the file it was received in. Not here: HTTP, the store."""

import shutil
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

from eo_pipeline.sandbox.cloud_storage.errors import StorageError, invalid
from eo_pipeline.sandbox.cloud_storage.objects import BLOCK_BYTES


@dataclass(frozen=True)
class Related:
    """Where the two parts of a body lie."""

    resource: bytes
    """The first part's content: the JSON resource."""
    content_type: str | None
    """The second part's Content-Type."""
    start: int
    """Offset of the object's first byte in the file."""
    stop: int
    """Offset after the object's last byte."""


def boundary(content_type: str) -> bytes:
    """The boundary named by a Content-Type; StorageError 400 without one."""
    header = Message()
    header["content-type"] = content_type
    found = header.get_boundary()
    if found is None:
        raise invalid(f"Expected a multipart Content-Type with a boundary, got '{content_type}'.")
    return found.strip("'").encode()


def locate(path: Path, content_type: str) -> Related:
    """Find both parts; the head, up to the object's first byte, must fit in a mebibyte.

    Raises:
        StorageError: 400 for a body without two parts and a closing boundary.
    """
    delimiter = b"--" + boundary(content_type)
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(BLOCK_BYTES)
        tail_start = max(0, size - 4096)
        file.seek(tail_start)
        tail = file.read()
    opening = _after(head, delimiter, 0)
    newline = b"\r\n" if head[opening : opening + 2] == b"\r\n" else b"\n"
    first = _after(head, delimiter + newline, 0)
    resource_start = _after(head, newline * 2, first)
    second = _after(head, newline + delimiter + newline, resource_start)
    resource = head[resource_start : second - len(newline + delimiter + newline)]
    start = _after(head, newline * 2, second)
    end = tail.rfind(newline + delimiter + b"--")
    if end < 0 or tail_start + end < start:
        raise _malformed()
    headers = BytesHeaderParser().parsebytes(head[second:start])
    return Related(resource, headers["content-type"], start, tail_start + end)


def extract(path: Path, related: Related, target: Path) -> None:
    """Copy the object's bytes to a file of their own."""
    with path.open("rb") as source, target.open("wb") as file:
        source.seek(related.start)
        shutil.copyfileobj(source, file, BLOCK_BYTES)
        file.truncate(related.stop - related.start)


def _after(data: bytes, mark: bytes, start: int) -> int:
    at = data.find(mark, start)
    if at < 0:
        raise _malformed()
    return at + len(mark)


def _malformed() -> StorageError:
    return invalid("Malformed multipart body: expected a JSON part, the object's part and a closing boundary.")
