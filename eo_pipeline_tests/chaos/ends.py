"""How each partition ended, and whether what Dagster says of it is what the service said.

What does not belong here: waiting for the end (`watching`), and what was made (`comparing`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from eo_pipeline.orchestration.event_log.names import ERRORS
from eo_pipeline_tests.chaos.proof import Told
from eo_pipeline_tests.chaos.watching import Watch

MADE, RED, CANCELLED, STOPPED, LOST = "made", "red", "cancelled", "stopped", "lost"
_ENDED = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True)
class End:
    """How a partition ended.

    Attributes:
        kind: MADE through the last stage; RED: its task failed and a run or `export` says so in the service's words;
            CANCELLED: its task was cancelled and `export` says so; STOPPED: a run of a stage failed and says why; LOST:
            nothing tells.
        stage: the first that is not there; empty if made.
        reason: in Dagster's words.
    """

    kind: str
    stage: str = ""
    reason: str = ""


def ends(watch: Watch, told: Sequence[Told], operations: Sequence[Mapping[str, Any]]) -> dict[str, End]:
    """The end of every partition of every area and month, and of every month's table whose mosaics are there.

    Args:
        watch: of the instance.
        told: operations as journalled, oldest first.
        operations: as stored by the sandbox, with the reasons of those that failed.
    """
    last: dict[str, dict[str, Told]] = {}
    for operation in told:
        last.setdefault(partition_of(operation), {})[operation.digest] = operation
    errors = {str(o["id"]): str((o["failure"] or {}).get("message", "")) for o in operations}
    reader = _Reader(watch)
    keys = [str(key) for key in watch.chain.by_area_and_period.get_partition_keys()]
    found = {key: _end(reader, key, list(last.get(key, {}).values()), errors) for key in keys}
    for month in watch.chain.by_period.get_partition_keys():
        if all(reader.has("mosaic", f"{area}|{month}") for area in watch.chain.areas):
            found[month] = End(MADE) if reader.has("zonal_stats", month) else _stopped(reader, "zonal_stats", month)
    return found


def partition_of(operation: Told) -> str:
    """`area|month` of an operation's description."""
    _, area, month = operation.partition.rpartition("-")[0].split(".")
    return f"{area}|{month}"


class _Reader:
    """What Dagster has of each stage."""

    def __init__(self, watch: Watch) -> None:
        keys = {stage: watch.chain.key(stage) for stage in watch.chain.stages}
        self.stages = [stage for stage in watch.chain.stages if stage != "zonal_stats"]
        self._there = {stage: watch.instance.get_materialized_partitions(key) for stage, key in keys.items()}
        self._failed = {stage: _failures(watch.instance, key) for stage, key in keys.items()}
        self._observed = _observations(watch.instance, keys["export"])

    def has(self, stage: str, partition: str) -> bool:
        return partition in self._there[stage]

    def why(self, stage: str, partition: str) -> str:
        """The words of the run that failed last, empty if none did."""
        return self._failed[stage].get(partition, "")

    def observed(self, partition: str) -> str:
        """What `export` last said of a partition that it does not have."""
        return self._observed.get(partition, "")


def _end(reader: _Reader, partition: str, last: Sequence[Told], errors: Mapping[str, str]) -> End:
    """The end of a partition, given the last operation of each of its digests: a split one has several."""
    missing = next((stage for stage in reader.stages if not reader.has(stage, partition)), "")
    if not missing:
        return End(MADE)
    if missing != "export":
        return _stopped(reader, missing, partition)
    said, observed = reader.why("submission", partition), reader.observed(partition)
    words = [errors[o.name.rpartition("/")[2]].rstrip(".") for o in last if o.state == "FAILED"]
    if any(word and word in said for word in words):
        return End(RED, missing, said)
    if observed.startswith("failed") and any(word and word in observed for word in words):
        return End(RED, missing, observed)
    if any(o.state == "CANCELLED" for o in last) and observed.startswith("cancelled"):
        return End(CANCELLED, missing, observed)
    return _stopped(reader, "submission", partition)


def _stopped(reader: _Reader, stage: str, partition: str) -> End:
    said = reader.why(stage, partition)
    return End(STOPPED if said else LOST, stage, said)


def _observations(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, str]:
    records = instance.fetch_observations(key, limit=10_000, ascending=True).records
    events = [record.event_log_entry.asset_observation for record in records]
    return {str(e.partition): str(e.description) for e in events if e is not None}


def _failures(instance: dg.DagsterInstance, key: dg.AssetKey) -> dict[str, str]:
    """Why each partition's last attempt ended without making it."""
    storage = instance.event_log_storage
    attempts = storage.get_latest_asset_partition_materialization_attempts_without_materializations(key)
    runs = {run_id for run_id, _ in attempts.values()}
    over = instance.get_runs(dg.RunsFilter(run_ids=list(runs), statuses=_ENDED)) if runs else []
    words = {run.run_id: _words(instance, run) for run in over}
    return {
        partition: words[run_id][1].get(partition, words[run_id][0])
        for partition, (run_id, _) in attempts.items()
        if run_id in words
    }


def _words(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[str, Mapping[str, str]]:
    """Why a run failed: in words for all its partitions, and in words of each."""
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    for event in (entry.dagster_event for entry in reversed(entries)):
        failure = None if event is None else event.step_failure_data
        if failure is not None and failure.user_failure_data is not None:
            said = failure.user_failure_data
            own: Any = said.metadata[ERRORS].value if ERRORS in said.metadata else {}
            return str(said.description), own
        if failure is not None:
            return failure.error_display_string[:1000], {}
    ended = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    return (ended[-1].dagster_event.message or "the run failed") if ended and ended[
        -1
    ].dagster_event else run.status.value, {}
