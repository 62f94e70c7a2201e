"""Fixtures: one open server, one that wants credentials, and a bucket of one's own on each."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from eo_pipeline.sandbox.cloud_storage.settings import CloudStorageSettings
from eo_pipeline_tests.sandbox.cloud_storage.server import Running, make_key, running

FORBIDDEN = "bucket-of-somebody-else"


@dataclass(frozen=True)
class Guarded:
    """A server that wants credentials, and a key it trusts."""

    server: Running
    key: Path
    stranger: Path
    """A key it does not trust."""
    forbidden_bucket: str
    """A bucket in which the key's account may do nothing."""


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("open")) as server:
        yield server


@pytest.fixture(scope="session")
def guarded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with running(tmp_path_factory.mktemp("guarded")) as server:
        key = make_key(server.endpoint, tmp_path_factory.mktemp("keys"))
        stranger = make_key(server.endpoint, tmp_path_factory.mktemp("strangers"))
        server.store.create_bucket(FORBIDDEN)
        server.settings = CloudStorageSettings(
            authentication="required", trusted_keys=key.public, forbidden_buckets=frozenset({FORBIDDEN})
        )
        yield Guarded(server, key.path, stranger.path, FORBIDDEN)


@pytest.fixture
def bucket(open_server: Running) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    open_server.store.create_bucket(name)
    return name


@pytest.fixture
def guarded_bucket(guarded_server: Guarded) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    guarded_server.server.store.create_bucket(name)
    return name
