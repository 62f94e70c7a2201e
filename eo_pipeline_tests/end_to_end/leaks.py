"""Finds secrets in whatever a deployment leaves behind: files, SQLite, what Dagster compresses.

What does not belong here: the secrets (`keys`), and what is run.
"""

import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

_TOKENS = re.compile(rb"ya29\.[\w-]{8}|eyJ[\w-]{20,}\.[\w-]{20,}")
"""Access tokens as Google and the sandbox issue them, and signed JSON web tokens."""
_SQLITE = b"SQLite format 3\x00"


def leaks(folder: Path, secrets: Iterable[str]) -> list[str]:
    """Files below a folder that hold a secret or any token, with the beginning of what they hold."""
    wanted = list(secrets)
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [f"{path}: {found}" for path in paths for content in _contents(path) for found in told(content, wanted)]


def told(content: bytes, secrets: Iterable[str]) -> list[str]:
    """The beginnings of secrets and tokens in some bytes."""
    found = [secret for secret in secrets if secret.encode() in content]
    found += [match.decode() for match in _TOKENS.findall(content)]
    return [secret[:12] for secret in found]


def _contents(path: Path) -> Iterator[bytes]:
    content = path.read_bytes()
    yield content
    if content.startswith(_SQLITE):
        yield from _unpacked(path)


def _unpacked(path: Path) -> Iterator[bytes]:
    """Values that are stored compressed, as Dagster does with snapshots."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in database.execute(f'select * from "{table}"'):  # noqa: S608  # names are the database's own
                for value in row:
                    if isinstance(value, bytes) and value.startswith(b"\x78"):
                        yield zlib.decompress(value)
