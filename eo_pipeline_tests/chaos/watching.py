"""What is still under way, and waiting until nothing is. What does not belong here: how it ended (`ends`)."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.execution.backfill import BulkActionStatus
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.following.waiting import waiting_since

_LOOK_SECONDS = 3.0
QUIET_SECONDS = 25.0
"""How long nothing may be under way before everything counts as settled: several ticks of all sensors."""
_STALL_SECONDS = 400.0
_UNDER_WAY = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.CANCELING, *IN_PROGRESS_RUN_STATUSES]
_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


class StalledError(Exception):
    """Something waits and nothing moves; the message lists what waits."""


@dataclass(frozen=True)
class Watch:
    """Where one looks.

    Attributes:
        instance: Dagster's.
        chain: the product.
        service: identity of the service, as in the ledger.
        operations: the sandbox's folder of operations.
    """

    instance: dg.DagsterInstance
    chain: Chain
    service: str
    operations: Path

    def under_way(self) -> list[str]:
        """A line for everything that is not settled."""
        return [*self._runs(), *self._backfills(), *self._tasks(), *self._unreported()]

    def progress(self) -> str:
        """How many partitions each stage has."""
        stages = [self.chain.key(stage) for stage in self.chain.stages]
        counts = [f"{key.path[-1]} {len(self.instance.get_materialized_partitions(key))}" for key in stages]
        return ", ".join(counts)

    def pulse(self) -> tuple[object, ...]:
        """A value that changes when a task is submitted or a partition recorded."""
        return len(list(self.operations.glob("*.json"))), self.progress()

    def _runs(self) -> Iterator[str]:
        for run in self.instance.get_runs(dg.RunsFilter(statuses=_UNDER_WAY)):
            yield f"run {run.run_id[:8]} of {run.job_name} is {run.status.value}"

    def _backfills(self) -> Iterator[str]:
        for backfill in self.instance.get_backfills(limit=1000):
            if backfill.status in {BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING}:
                yield f"backfill {backfill.backfill_id} is {backfill.status.value}"

    def _tasks(self) -> Iterator[str]:
        for operation in stored_operations(self.operations):
            if operation["state"] not in _ENDED:
                yield f"task {operation['id']} ({operation['description']}) is {operation['state']}"

    def _unreported(self) -> Iterator[str]:
        found = waiting_since(self.instance, self.chain, service=self.service, watermark=0)
        for recorded in found.submissions:
            said = recorded.submission
            why = f"held until {said.held.until}: {said.held.reason}" if said.held else "not reported"
            yield f"submission of {recorded.partition} ({recorded.identity}) is {why}"


def stored_operations(folder: Path) -> list[dict[str, Any]]:
    """Operations as the sandbox keeps them on disk, oldest first."""
    found = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    return sorted(found, key=lambda operation: operation["order"])


def wait_until_settled(
    watch: Watch,
    *,
    seconds: float,
    quiet_seconds: float,
    say: Callable[[str], None],
    meanwhile: Callable[[], None],
) -> None:
    """Wait until nothing has been under way for a while; now and then somebody does something `meanwhile`.

    Raises:
        StalledError: nothing moves any more, or the time is over.
    """
    began = moved = quiet_since = spoken = time.monotonic()
    before = ""
    while time.monotonic() - quiet_since < quiet_seconds:
        lines, progress = watch.under_way(), watch.progress()
        now = time.monotonic()
        if lines:
            quiet_since = now
        if (seen := "\n".join([progress, *sorted(lines)])) != before:
            before, moved = seen, now
        if now - moved > _STALL_SECONDS or now - began > seconds:
            raise StalledError(f"{progress}; still under way after {now - began:.0f} s:\n" + "\n".join(lines))
        if now - spoken > 5 * _LOOK_SECONDS:
            spoken = now
            meanwhile()
            say(f"{progress}; under way: {len(lines)}{f', e.g. {lines[0]}' if lines else ''}")
        time.sleep(_LOOK_SECONDS)
