"""One stage over some partitions as runs in this process, and what failed in them.

What does not belong here: the order of stages, and waiting for Earth Engine (`run`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.execution.plan.objects import StepFailureData

from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log.names import ERRORS
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.ranges import rectangles
from eo_pipeline.orchestration.schedules import range_tags

_SILENT = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run configuration: Dagster prints nothing; the event log keeps everything."""


@dataclass
class StageRuns:
    """Runs of one product's stages.

    Attributes:
        definitions: of the code location that holds the product.
        chain: of the product.
        instance: whose event log is the ledger.
        verbose: let Dagster print every event on standard error.
        failed: why, by stage and partition, of the newest run of each.
    """

    definitions: dg.Definitions
    chain: Chain
    instance: dg.DagsterInstance
    verbose: bool = False
    failed: dict[tuple[str, str], str] = field(default_factory=dict)

    def materialise(
        self, stage: str, wanted: Sequence[PartitionKey], *, config: Mapping[str, object] | None = None
    ) -> None:
        """Run a stage over partitions, in as few runs as their shape allows.

        Args:
            stage: of partitions by area and period.
            wanted: any of them.
            config: of the stage.
        """
        periods = self.chain.by_period.get_partition_keys(dynamic_partitions_store=self.instance)
        for part in rectangles(wanted, areas=list(self.chain.areas), periods=periods):
            self._run(stage, range_tags(part[0].text, part[-1].text), [key.text for key in part], config)

    def materialise_period(self, stage: str, period: str) -> None:
        """Run a stage whose partitions are periods over one of them."""
        self._run(stage, range_tags(period, period), [period], None)

    def _run(
        self, stage: str, tags: Mapping[str, str], partitions: Sequence[str], config: Mapping[str, object] | None
    ) -> None:
        key = self.chain.key(stage)
        op_config = {"ops": {key.to_python_identifier(): {"config": config}}} if config else {}
        result = self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[key],
            tags=dict(tags),
            run_config={**({} if self.verbose else _SILENT), **op_config},
            raise_on_error=False,
        )
        for text in partitions:
            self.failed.pop((stage, text), None)
        if not result.success:
            self._note_failures(stage, partitions, result)

    def _note_failures(self, stage: str, partitions: Sequence[str], result: dg.ExecuteInProcessResult) -> None:
        """Every partition of a failed run that left no materialisation in it."""
        stored = self.instance.all_logs(result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        made = {entry.dagster_event.partition for entry in stored if entry.dagster_event is not None}
        failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
        shared, by_partition = _words(failures[0]) if failures else ("the run failed", {})
        for text in partitions:
            if text not in made:
                self.failed[stage, text] = by_partition.get(text, shared)


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
