"""One sandbox a module, with a bucket that counts what is asked of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from eo_pipeline.storage.objects import Bucket, open_bucket
from eo_pipeline.storage.transfer import Limits, Patience, StoredObject
from eo_pipeline_tests.processes import SandboxProcess, running_sandbox
from eo_pipeline_tests.scenes import settings_at

PIECE = 1 << 16
QUICK = Patience(seconds=2, first_wait=0.02)


@dataclass(frozen=True)
class Shelf:
    """A bucket of a sandbox."""

    sandbox: SandboxProcess
    bucket: Bucket

    def put(self, name: str, size: int) -> bytes:
        """A new object of random bytes."""
        data = np.random.default_rng(list(name.encode())).bytes(size)
        self.bucket.write(name, data)
        return data

    def listed(self, prefix: str, folder: Path) -> list[tuple[StoredObject, Path]]:
        """Every object below a prefix, with a path of its last name."""
        return [(source, folder / source.name.rpartition("/")[2]) for source in self.bucket.list(prefix)]

    def arm(self, **fault: object) -> None:
        """Let a download go wrong."""
        self.sandbox.arm(**{"path": "^/download/", **fault})

    def count(self, *, seconds: float = 0) -> None:
        """Note every request for bytes from now on, and let it wait."""
        self.arm(kind="slow", seconds=seconds, count=None)

    def asked(self, kind: str = "slow") -> list[str]:
        """Names of the objects in the requests noted so far, in order."""
        events = [event for event in self.sandbox.events("fault") if event["kind"] == kind]
        return [event["path"].rpartition("/o/")[2] for event in events]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("shelf"), buckets=["shelf"]) as found:
        yield found


@pytest.fixture
def shelf(sandbox: SandboxProcess) -> Iterator[Shelf]:
    plain = open_bucket(settings_at(sandbox.url), "shelf")
    yield Shelf(sandbox, replace(plain, limits=Limits(at_once=4, piece=PIECE), patience=QUICK))
    sandbox.control("faults", method="DELETE")
