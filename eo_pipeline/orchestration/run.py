"""A product's whole chain in this process, without a daemon, on the same instance and ledger.

What does not belong here: printing (`cli`), and anything an asset does.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.execution.plan.objects import StepFailureData

from eo_pipeline.errors import ServiceUnreachableError
from eo_pipeline.orchestration import ledger
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.fan_out import ERRORS
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.ranges import rectangles
from eo_pipeline.orchestration.reports import Tick, look
from eo_pipeline.orchestration.resources import EarthEngineResource
from eo_pipeline.orchestration.schedules import range_tags
from eo_pipeline.orchestration.sensors import operations_of

Progress = Callable[[str, int, int], None]
"""Called with (stage, partitions done, partitions wanted)."""

_UNREACHABLE_POLLS = 20
_MADE_OF = {"tiles": "export", "mosaic": "tiles", "cube": "mosaic"}

_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run configuration: Dagster prints nothing; the event log keeps everything."""


@dataclass
class RunReport:
    """What a run came to.

    Attributes:
        done: partitions made, by stage; of `zonal_stats` these are periods unless statistics are by area.
        failed: why, by stage and partition.
        skipped: stages that could not be complete, with the reason.
    """

    done: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """True if nothing failed."""
        return not self.failed

    @property
    def causes(self) -> dict[tuple[str, str], list[str]]:
        """Failed partitions by (stage, why): what has one cause is told once."""
        found: dict[tuple[str, str], list[str]] = {}
        for (stage, partition), words in self.failed.items():
            found.setdefault((stage, words), []).append(partition)
        return found


def run_partitions(
    definitions: dg.Definitions,
    chain: Chain,
    wanted: Sequence[PartitionKey],
    *,
    instance: dg.DagsterInstance,
    resubmit: bool = False,
    poll_seconds: float = 5.0,
    progress: Progress | None = None,
    verbose: bool = False,
) -> RunReport:
    """Take partitions through every stage; what an earlier run or the daemon did is not done again.

    Args:
        definitions: of the code location that holds the product.
        chain: of the product.
        wanted: areas and periods.
        instance: whose event log is the ledger.
        resubmit: export again although the same export succeeded before.
        poll_seconds: between two looks at Earth Engine.
        progress: told as partitions are done.
        verbose: let Dagster print every event on standard error.

    Raises:
        ServiceUnreachableError: Earth Engine could not be reached for 20 polls in a row.
    """
    runner = _Runner(
        definitions, chain, instance, progress or (lambda *_: None), {} if verbose else _SILENT, RunReport()
    )
    runner.submit(wanted, resubmit=resubmit)
    waiting = [key for key in wanted if not runner.has_failed("submission", key)]
    for exported in runner.exported(waiting, poll_seconds):
        ready = exported
        for stage in ("tiles", "mosaic", "cube"):
            if stage in chain.stages:
                ready_here = [k for k in ready if not runner.is_current(stage, k)]
                runner.materialise(stage, ready_here)
                made = [k for k in ready if runner.is_current(stage, k)]
                runner.record(stage, made, total=len(wanted))
                ready = made if stage != "cube" else ready
        if "zonal_stats" in chain.stages:
            runner.measure(ready, total=len(wanted))
    return runner.report


@dataclass
class _Runner:
    """One call of `run_partitions`."""

    definitions: dg.Definitions
    chain: Chain
    instance: dg.DagsterInstance
    progress: Progress
    logging: Mapping[str, object]
    report: RunReport

    def submit(self, wanted: Sequence[PartitionKey], *, resubmit: bool) -> None:
        config = {"ops": {self._op("submission"): {"config": {"resubmit": True}}}} if resubmit else None
        self.materialise("submission", wanted, config=config)
        made = [key for key in wanted if not self.has_failed("submission", key)]
        self.record("submission", made, total=len(wanted))

    def exported(self, wanted: Sequence[PartitionKey], poll_seconds: float) -> Iterable[list[PartitionKey]]:
        """Partitions whose export is done, as they become so."""
        waiting = {key.text: key for key in wanted}
        done = 0
        while waiting:
            self._poll(waiting)
            failed = [text for text in waiting if ("submission", text) in self.report.failed]
            finished = [text for text in waiting if self.is_current("export", waiting[text])]
            for text in failed:
                waiting.pop(text)
            ready = [waiting.pop(text) for text in finished if text in waiting]
            done += len(ready)
            self.record("export", ready, total=len(wanted))
            if ready:
                yield ready
            elif waiting:
                time.sleep(poll_seconds)

    def _poll(self, waiting: Mapping[str, PartitionKey]) -> None:
        """Report what ended; a failed export is reported after its submission ran again, so that none is forgotten."""
        found = self._look(waiting)
        for event in found.events:
            self.instance.report_runless_asset_event(event)
            if isinstance(event, dg.AssetObservation) and event.partition is not None:
                self.report.failed["submission", event.partition] = event.description or "cancelled"
        self.materialise("submission", [waiting[settle.recorded.partition] for settle in found.settle])
        for settle in found.settle:
            if ("submission", settle.recorded.partition) in self.report.failed:
                self.instance.report_runless_asset_event(settle.event)

    def _look(self, waiting: Iterable[str]) -> Tick:
        service = operations_of(self._earth_engine())
        for attempt in range(_UNREACHABLE_POLLS):
            try:
                return look(self.instance, self.chain, waiting, service=service)
            except ServiceUnreachableError:
                if attempt + 1 == _UNREACHABLE_POLLS:
                    raise
                time.sleep(1 + attempt)
        raise AssertionError  # the loop returns or raises

    def materialise(
        self, stage: str, wanted: Sequence[PartitionKey], *, config: Mapping[str, object] | None = None
    ) -> None:
        """Run one stage over partitions, in as few runs as their shape allows."""
        periods = self.chain.by_period.get_partition_keys(dynamic_partitions_store=self.instance)
        for part in rectangles(wanted, areas=list(self.chain.areas), periods=periods):
            self._run(stage, range_tags(part[0], part[-1]), [key.text for key in part], config)

    def measure(self, ready: Sequence[PartitionKey], *, total: int) -> None:
        """Zonal statistics: by partition, or of each period whose areas are all there."""
        if self.chain.zones_follow_areas:
            self.materialise("zonal_stats", ready)
            self.record("zonal_stats", [k for k in ready if not self.has_failed("zonal_stats", k)], total=total)
            return
        there = self.instance.get_materialized_partitions(self.chain.key("mosaic"))
        for period in dict.fromkeys(key.period for key in ready):
            missing = [a for a in self.chain.areas if PartitionKey(a, period).text not in there]
            if missing:
                self.report.skipped[f"zonal_stats {period}"] = f"{len(missing)} areas have no mosaic yet"
                continue
            self.report.skipped.pop(f"zonal_stats {period}", None)
            tags = {"dagster/asset_partition_range_start": period, "dagster/asset_partition_range_end": period}
            if self._run("zonal_stats", tags, [period], None):
                self.report.done.setdefault("zonal_stats", []).append(period)
                self.progress("zonal_stats", len(self.report.done["zonal_stats"]), 0)

    def _run(
        self, stage: str, tags: Mapping[str, str], partitions: Sequence[str], config: Mapping[str, object] | None
    ) -> bool:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=self.instance,
            asset_selection=[self.chain.key(stage)],
            tags=dict(tags),
            run_config={**self.logging, **(config or {})},
            raise_on_error=False,
        )
        for text in partitions:
            self.report.failed.pop((stage, text), None)
        if not result.success:
            self._note_failures(stage, partitions, result)
        return result.success

    def _note_failures(self, stage: str, partitions: Sequence[str], result: dg.ExecuteInProcessResult) -> None:
        """Every partition of a failed run that left no materialisation in it."""
        stored = self.instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        made = {entry.dagster_event.partition for entry in stored if entry.dagster_event is not None}
        failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
        shared, by_partition = _words(failures[0]) if failures else ("the run failed", {})
        for text in partitions:
            if text not in made:
                self.report.failed[stage, text] = by_partition.get(text, shared)

    def is_current(self, stage: str, key: PartitionKey) -> bool:
        """True if the stage was made from the partition's last submission, after what it is made of."""
        last = ledger.last_submission(
            self.instance, self.chain.key("submission"), key.text, service=self._earth_engine().settings().service
        )
        made = ledger.last_stamp(self.instance, self.chain.key(stage), key.text)
        if last is None:
            return False
        if stage == "export":
            return made.values.get(ledger.REPORTED) == last.identity
        above = ledger.last_stamp(self.instance, self.chain.key(_MADE_OF[stage]), key.text)
        return made.values.get(ledger.DIGEST) == last.submission.digest and made.storage_id > above.storage_id

    def has_failed(self, stage: str, key: PartitionKey) -> bool:
        """True if the stage's last run left this partition out."""
        return (stage, key.text) in self.report.failed

    def record(self, stage: str, made: Sequence[PartitionKey], *, total: int) -> None:
        """Count partitions and tell the progress."""
        done = self.report.done.setdefault(stage, [])
        done.extend(key.text for key in made)
        self.progress(stage, len(done), total)

    def _earth_engine(self) -> EarthEngineResource:
        resource = (self.definitions.resources or {})["earth_engine"]
        assert isinstance(resource, EarthEngineResource)  # noqa: S101  # every project's definitions hold it
        return resource

    def _op(self, stage: str) -> str:
        return "__".join(self.chain.key(stage).path)


def _words(failure: StepFailureData) -> tuple[str, Mapping[str, str]]:
    """Why a step failed: in words that hold for all its partitions, and in each partition's own words."""
    said = failure.user_failure_data
    if said is not None and said.description:
        own: Any = said.metadata[ERRORS].value if ERRORS in said.metadata else {}
        return said.description, own
    error = failure.error
    while error is not None and error.cause is not None:
        error = error.cause
    return ("the run failed" if error is None else error.message.strip()), {}
