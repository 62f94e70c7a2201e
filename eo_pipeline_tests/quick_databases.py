"""Dagster's SQLite databases, made and written quickly in this process: no test here pulls the plug of the machine.

Each run has a database of its own, which Dagster makes by its migrations. What does not belong here: what they hold.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def quick_databases() -> Iterator[None]:
    """Migrations are read once, in place of some sixty files for each database; no commit waits for the disk."""
    read = ScriptDirectory.from_config
    known: dict[str | None, ScriptDirectory] = {}

    def kept(config: Config) -> ScriptDirectory:
        name = config.config_file_name
        if name not in known:
            known[name] = read(config)
        return known[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "from_config", kept)
        event.listen(Engine, "connect", _without_waiting)
        yield
        event.remove(Engine, "connect", _without_waiting)


def _without_waiting(connection: Any, _: object) -> None:
    """Leave it to the system when commits reach the disk; a killed process loses none."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")
