"""Checks of accounts and services: credentials, Earth Engine, its project, buckets, Drive, archives of scenes.

Each comes with the fix for its failure.

What does not belong here: the frame of checks (`diagnose`), and printing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import ee

from eo_pipeline.core.compute.budget import EECU_HOURS_A_MONTH
from eo_pipeline.core.exports.failures import FailureClass, classify
from eo_pipeline.core.exports.operations import Operation, State
from eo_pipeline.core.settings import Settings
from eo_pipeline.earth_engine.operations import list_operations
from eo_pipeline.earth_engine.session import connect
from eo_pipeline.errors import EoPipelineError, StorageError
from eo_pipeline.sources.stac.archive import Archive
from eo_pipeline.steps.diagnose import Check, Result
from eo_pipeline.storage.credentials import describe_credentials
from eo_pipeline.storage.drive import open_drive
from eo_pipeline.storage.objects import Bucket, open_bucket
from eo_pipeline.storage.transfer.patience import Patience

FOLDER = ".eo-doctor"
"""Folder of the small objects that are written, read and deleted in buckets."""

_STAC_SECONDS = 20.0
"""That an archive's trouble is borne here."""


@dataclass(frozen=True)
class _EarthEngine:
    """The service's answer to one listing of operations, asked once for several checks."""

    settings: Settings

    @cached_property
    def answer(self) -> list[Operation] | EoPipelineError:
        try:
            return list_operations(connect(self.settings))
        except EoPipelineError as error:
            return error

    def answers(self) -> Result:
        if self.problem not in {None, FailureClass.API_DISABLED, FailureClass.NOT_REGISTERED}:
            return Result(False, str(self.answer))
        return Result(True, f"answers at {self.settings.earth_engine_url}")

    def enabled(self) -> Result:
        return self._unless(FailureClass.API_DISABLED, f"for {self.settings.project}")

    def registered(self) -> Result:
        return self._unless(FailureClass.NOT_REGISTERED, f"{self.settings.project} is registered for Earth Engine")

    @property
    def problem(self) -> FailureClass | None:
        return classify(str(self.answer)).kind if isinstance(self.answer, EoPipelineError) else None

    def _unless(self, kind: FailureClass, well: str) -> Result:
        return Result(False, str(self.answer)) if self.problem is kind else Result(True, well)

    def computes(self) -> Result:
        found = connect(self.settings, interactive=True).compute(ee.Number(1).add(1))
        quota = self.settings.allowance
        return Result(
            found == 2,
            f"1 + 1 = {found} at {self.settings.interactive_url}; begun with {quota.at_once} at once and "
            f"{quota.per_second} a second",
        )

    def exports(self) -> Result:
        operations = [] if isinstance(self.answer, EoPipelineError) else self.answer
        running = sum(operation.state is State.RUNNING for operation in operations)
        queued = sum(operation.state is State.PENDING for operation in operations)
        known = self.settings.max_concurrent_exports
        limit = "unknown, set EO_MAX_CONCURRENT_EXPORTS to your plan's" if known is None else str(known)
        return Result(
            True,
            f"{running} running, {queued} queued now; the service does not publish how many run at once "
            f"(maxConcurrentExports: {limit})",
        )


def earth_engine_checks(settings: Settings) -> Iterator[Check]:
    """Project, connection, API, registration, interactive requests, exports under way, compute tier."""
    service = _EarthEngine(settings)
    yield Check("project", lambda: check_project(settings))
    yield Check("Earth Engine", service.answers, needs=("credentials", "project"))
    yield Check("API enabled", service.enabled, needs=("Earth Engine",))
    yield Check("project registered", service.registered, needs=("API enabled",))
    yield Check("interactive requests", service.computes, needs=("project registered",))
    yield Check("exports", service.exports, needs=("project registered",))
    yield Check("compute tier", lambda: check_tier(settings))


def credentials_check(settings: Settings) -> Check:
    """Whether there are credentials: Earth Engine, buckets and Drive need them."""
    return Check("credentials", lambda: Result(True, describe_credentials(settings.credentials)))


def check_project(settings: Settings) -> Result:
    """Whether a Cloud project is named."""
    if settings.project:
        return Result(True, settings.project)
    return Result(
        False,
        "expected a Google Cloud project in EO_PROJECT, got none",
        "set EO_PROJECT to a project that is registered for Earth Engine",
    )


def check_tier(settings: Settings) -> Result:
    """What the project may compute a month, as far as a person said."""
    hours = EECU_HOURS_A_MONTH.get(settings.compute_tier)
    if hours is not None:
        return Result(True, f"{settings.compute_tier}: {hours:,} EECU-hours a month, then slowed")
    listed = ", ".join(f"{tier} ({hours:,} EECU-hours a month)" for tier, hours in EECU_HOURS_A_MONTH.items())
    return Result(None, "unknown", f"if the project is non-commercial, set EO_COMPUTE_TIER to its tier: {listed}")


def bucket_checks(settings: Settings, name: str, *, token: str) -> Iterator[Check]:
    """Whether a bucket is there and a small object in it can be written, read and deleted.

    Args:
        settings: address and credentials.
        name: of the bucket; empty if none is known.
        token: makes the object's name unique.
    """
    trial = _Trial(settings, name, f"{FOLDER}/{token}")
    label = f"bucket {name}".strip()
    yield Check(label, trial.list, needs=("credentials",))
    yield Check(f"{label}: write", trial.write, needs=(label,))
    yield Check(f"{label}: read", trial.read, needs=(f"{label}: write",))
    yield Check(f"{label}: delete", trial.delete, needs=(f"{label}: write",))


def drive_checks(settings: Settings) -> Iterator[Check]:
    """Whether a person's Google Drive answers; for deployments that export there."""

    def answers() -> Result:
        whose = open_drive(settings, "").check()
        return Result(True, f"answers, as the drive of {whose}")

    yield Check("Google Drive", answers, needs=("credentials",))


def stac_checks(settings: Settings, sources: Iterable[tuple[str, str]]) -> Iterator[Check]:
    """Whether archives of scenes answer and have the collections that products name.

    Args:
        settings: an address in place of every product's.
        sources: (address, collection) of products.
    """
    asked = ((settings.stac_url or address, collection) for address, collection in sources)
    for address, collection in dict.fromkeys(asked):
        yield Check(f"STAC {collection}", partial(_has_collection, address, collection))


def _has_collection(address: str, collection: str) -> Result:
    kind = Archive(address, collection, Patience(seconds=_STAC_SECONDS), page=1).check()
    return Result(True, f"{address} is {kind} and has it")


@dataclass(frozen=True)
class _Trial:
    """A small object in a bucket."""

    settings: Settings
    name: str
    key: str

    @cached_property
    def bucket(self) -> Bucket:
        return open_bucket(self.settings, self.name)

    @property
    def content(self) -> bytes:
        return self.key.encode()

    def list(self) -> Result:
        self.bucket.check()
        return Result(True, "is there, and its objects can be listed")

    def write(self) -> Result:
        self.bucket.write(self.key, self.content)
        return Result(True, f"wrote {self.key}")

    def read(self) -> Result:
        found = self.bucket.read(self.key)
        if found != self.content:
            raise StorageError(
                f"expected {len(self.content)} bytes as written in gs://{self.name}/{self.key}, got other ones; "
                "check what else writes there"
            )
        return Result(True, f"read {len(found)} bytes as written")

    def delete(self) -> Result:
        self.bucket.delete([self.key])
        return Result(True, f"deleted {self.key}")
