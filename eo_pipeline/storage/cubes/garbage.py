"""Freeing what only old versions of a cube hold, and what writers that died left behind.

Kept whatever their age: the head, tagged versions, and the first of all. The ledger is part of each version and goes or
stays with it. On a local repository nobody may write meanwhile, which is checked. On an object store nobody can tell:
objects younger than `WRITE_LIMIT` stay there, and no write may take longer (`transaction`). What does not belong here:
listing versions (`history`).
"""

from dataclasses import dataclass
from datetime import datetime

import icechunk

from eo_pipeline.errors import CubeError, StorageError
from eo_pipeline.storage.cubes.address import CubeAddress
from eo_pipeline.storage.cubes.failures import storage_failures
from eo_pipeline.storage.cubes.history import Version, read_history
from eo_pipeline.storage.cubes.lock import nobody_writes
from eo_pipeline.storage.cubes.opening import open_repository
from eo_pipeline.storage.cubes.transaction import WRITE_LIMIT


@dataclass(frozen=True)
class Collected:
    """What was freed, or would be.

    Attributes:
        dry_run: True if nothing was changed; `chunks`, `files` and `bytes` then count only what no version holds
            already: what the expiring ones alone hold is known once they have expired.
        expired: versions that are no more, the newest first.
        kept: versions that stay, the newest first.
        chunks: shards or chunks that were deleted.
        files: other objects: snapshots, manifests, logs.
        bytes: of all of them.
    """

    dry_run: bool
    expired: tuple[Version, ...]
    kept: tuple[Version, ...]
    chunks: int
    files: int
    bytes: int

    @property
    def is_nothing(self) -> bool:
        """True if no version expires and nothing is deleted."""
        return not (self.expired or self.chunks or self.files)


def collect_garbage(address: CubeAddress, *, older_than: datetime, now: datetime, dry_run: bool) -> Collected:
    """Expire versions of a cube and delete what no version holds any more.

    Args:
        address: of the repository.
        older_than: versions committed before this instant expire, and objects written since stay, UTC. Object stores
            tell whole seconds: what was written in the second of this instant stays, too.
        now: this instant, UTC.
        dry_run: only tell.

    Raises:
        CubeError: there is no cube, somebody writes to a local one, or `older_than` lies ahead.
        StorageError: the storage cannot be reached, or refused to delete.
    """
    if older_than > now:
        raise CubeError(
            f"Expected an instant in the past, got {older_than.isoformat()}, later than {now.isoformat()}; collecting "
            "ahead of time would take what is being written."
        )
    repository = open_repository(address)
    with storage_failures(address), nobody_writes(address):
        before = read_history(address)
        if not dry_run:
            repository.expire_snapshots(older_than=older_than)
        limit = older_than if address.local_path is not None else min(older_than, now - WRITE_LIMIT)
        summary = repository.garbage_collect(limit, dry_run=dry_run)
        _check_deleted(address, summary)
        expired = _expiring(before, older_than) if dry_run else _gone(before, read_history(address))
    return Collected(
        dry_run=dry_run,
        expired=expired,
        kept=tuple(version for version in before if version not in expired),
        chunks=summary.chunks_deleted,
        files=summary.snapshots_deleted + summary.manifests_deleted + summary.transaction_logs_deleted,
        bytes=summary.bytes_deleted,
    )


def _expiring(history: tuple[Version, ...], older_than: datetime) -> tuple[Version, ...]:
    """Those of a history that expire: the head, tags and the first version of the repository never do."""
    return tuple(v for v in history[1:-1] if v.written_at < older_than and not v.tags)


def _gone(before: tuple[Version, ...], after: tuple[Version, ...]) -> tuple[Version, ...]:
    """Those that left the history; a release does so too, when those before it expire, and stays."""
    left = {version.snapshot for version in after}
    return tuple(version for version in before if version.snapshot not in left and not version.tags)


def _check_deleted(address: CubeAddress, summary: icechunk.GCSummary) -> None:
    if summary.objects_failed_to_delete:
        raise StorageError(
            f"Expected to delete what no version of {address.uri} holds, got {summary.objects_failed_to_delete} "
            f"refusals: {'; '.join(summary.delete_errors)}; grant the right to delete, and run again."
        )
