"""Cancelling a Dagster run cancels what it submitted: one sensor looks at runs that were cancelled.

Dagster's own sensors of a run's status forget a run if Earth Engine is away while they look at it; this one looks at it
again. What does not belong here: cancelling partitions that a person chose (`cancelling`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.removing.cancelling import (
    Standing,
    cancel_one,
    observe_unrecorded,
    standings,
    withdraw,
)
from eo_pipeline.orchestration.resources import CloudStorageResource, DriveResource, EarthEngineResource
from eo_pipeline.orchestration.submissions.destinations import Services

NAME = "cancelled_runs"
_FIRST_LOOK = timedelta(days=1)
_RUNS = 5
"""Runs that are looked at in one tick, oldest first."""


def build_cancelled_runs_sensor(chains: Sequence[Chain], *, seconds: int = 30) -> dg.SensorDefinition:
    """The sensor of all products."""

    @dg.sensor(
        name=NAME,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Cancels on Earth Engine what a run had sent that was cancelled here.",
    )
    def cancelled_runs(
        context: dg.SensorEvaluationContext,
        earth_engine: EarthEngineResource,
        cloud_storage: CloudStorageResource,
        drive: DriveResource,
    ) -> dg.SensorResult:
        services = Services(earth_engine, cloud_storage, drive)
        since = datetime.fromisoformat(context.cursor) if context.cursor else datetime.now(UTC) - _FIRST_LOOK
        wanted = dg.RunsFilter(statuses=[dg.DagsterRunStatus.CANCELED], updated_after=since)
        runs = context.instance.get_run_records(wanted, limit=_RUNS, order_by="update_timestamp", ascending=True)
        told = [sentence for run in runs for sentence in _cancel_sent(context.instance, chains, run, services)]
        last = max((run.update_timestamp for run in runs), default=since)
        return dg.SensorResult(skip_reason="; ".join(told) or "No run was cancelled.", cursor=last.isoformat())

    return cancelled_runs


def _cancel_sent(
    instance: dg.DagsterInstance, chains: Sequence[Chain], run: dg.RunRecord, services: Services
) -> Iterator[str]:
    """Cancel the operations that a run started, unless another run attached to them since; gives a sentence each.

    What it held back stops waiting. Operations that it joined go on. A second call finds nothing left.
    """
    planned = _planned(instance, run.dagster_run.run_id)
    for chain in chains:
        partitions = planned.get(chain.key("submission"), [])
        if not partitions:
            continue
        ended = _Run(run, _sent_by(instance, chain, run.dagster_run.run_id))
        for standing in standings(instance, chain, partitions, services=services):
            if standing.is_open:
                yield from ended.end(instance, chain, standing, services.earth_engine.session())


def _sent_by(instance: dg.DagsterInstance, chain: Chain, run_id: str) -> dict[str, tuple[str, ...]]:
    """Operations that a run recorded as started by it, by partition."""
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        event = entry.asset_materialization
        if event is not None and event.asset_key == chain.key("submission") and event.partition is not None:
            listed = event.metadata.get(names.SENT)
            found[event.partition] = tuple(json.loads(str(listed.value))) if listed is not None else ()
    return found


@dataclass(frozen=True)
class _Run:
    """A cancelled run, and what it recorded as sent, by partition."""

    record: dg.RunRecord
    sent: Mapping[str, tuple[str, ...]]

    @property
    def reason(self) -> str:
        return f"run {self.record.dagster_run.run_id} was cancelled"

    def end(self, instance: dg.DagsterInstance, chain: Chain, standing: Standing, session: Session) -> Iterator[str]:
        """End what of a partition is this run's."""
        recorded = standing.recorded
        mine = recorded is not None and recorded.run_id == self.record.dagster_run.run_id
        operations = [o.name for o in standing.active if self._is_sent(o, standing, mine=mine)]
        for name in operations:
            cancel_one(session, name)
        unrecorded = [name for name in operations if name in standing.unrecorded]
        if unrecorded:
            observe_unrecorded(instance, chain, standing.partition, unrecorded, reason=self.reason)
        held = mine and recorded is not None and recorded.submission.state is SubmissionState.HELD
        if recorded is not None and mine and (held or set(operations) - set(unrecorded)):
            withdraw(instance, chain, recorded, reason=self.reason)
        if operations or held:
            yield f"{self.reason}: {standing.partition}: {len(operations)} operations cancelled"

    def _is_sent(self, operation: Operation, standing: Standing, *, mine: bool) -> bool:
        """True if this run started it: as it recorded, or, recorded by nobody, while it ran.

        Whatever was started after it ended is another run's, which may record it in a moment.
        """
        if operation.name not in standing.unrecorded:
            return mine and operation.name in self.sent.get(standing.partition, ())
        began, ended = self.record.start_time, self.record.end_time
        if standing.partition in self.sent or began is None or ended is None:
            return False
        return began <= datetime.fromisoformat(operation.created).timestamp() <= ended


def _planned(instance: dg.DagsterInstance, run_id: str) -> dict[dg.AssetKey, list[str]]:
    """Partitions that a run was to make, by asset."""
    found: dict[dg.AssetKey, list[str]] = {}
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED):
        event = entry.dagster_event
        if event is not None and event.asset_key is not None and event.partition is not None:
            found.setdefault(event.asset_key, []).append(event.partition)
    return found
