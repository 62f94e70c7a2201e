"""A sandbox of one's own with one product, for tests that interrupt, lose and change things.

What does not belong here: expectations of one test only.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import requests

from eo_pipeline.core.exports.submissions import Part
from eo_pipeline.orchestration.event_log.stored_submissions import read_parts
from eo_pipeline.orchestration.following.operations_sensor import build_operations_sensor
from eo_pipeline.orchestration.run import RunReport
from eo_pipeline_tests.end_to_end.heights import heights, last_states, submissions
from eo_pipeline_tests.end_to_end.pipeline import PROJECT, Pipeline, pipeline, resources
from eo_pipeline_tests.processes import SandboxProcess

MONTH, PARTITION = "2024-01", "whole|2024-01"
EMPTY, EMPTY_PARTITION = "2024-03", "whole|2024-03"
BARE: dict[str, Any] = {"zones": None, "cube": None}
"""Sections of a product that ends with its mosaics."""
STAGES = ("submission", "export", "tiles", "mosaic", "cube", "zonal_stats")
_A_WHILE = 1e6


_ROUNDS = 20
AssetEvent = dg.AssetMaterialization | dg.AssetObservation


@dataclass(frozen=True)
class Tick:
    """What one tick of the sensor asked for and stored."""

    run_requests: list[dg.RunRequest]
    skipped: str
    """Why it asked for nothing; empty if it asked."""
    events: list[AssetEvent]
    """Of `export`."""


@dataclass(frozen=True)
class Place:
    """A sandbox of its own with one product."""

    folder: Path
    sandbox: SandboxProcess
    instance: dg.DagsterInstance
    root: Path | None = None
    """Of results; `data` in the folder if None."""

    def pipeline(
        self,
        *,
        name: str = "heights",
        sandbox: SandboxProcess | None = None,
        instance: dg.DagsterInstance | None = None,
        **more: Any,
    ) -> Pipeline:
        """The product, perhaps changed, perhaps on another service or with another history."""
        return pipeline(
            heights(name, **more),
            url=(sandbox or self.sandbox).url,
            root=self.root or self.folder / "data",
            instance=instance or self.instance,
            folder=self.folder,
        )

    def hold(self) -> None:
        """Let submissions wait in the service's queue."""
        self.sandbox.control("settings", {"pending_seconds": _A_WHILE})

    def release(self) -> None:
        """Let the service's queue run."""
        self.sandbox.control("settings", {"pending_seconds": 0.0})

    def tick(self, found: Pipeline) -> Tick:
        """One tick of the sensor."""
        sensor, before = build_operations_sensor([found.chain]), newest_event(found)
        with dg.build_sensor_context(
            instance=self.instance, resources=resources(self.sandbox.url, found.root), cursor=None
        ) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        skipped = result.skip_reason.skip_message if isinstance(result.skip_reason, dg.SkipReason) else ""
        return Tick(list(result.run_requests or []), skipped or "", export_events(found, before))

    def carry_out(self, found: Pipeline, result: Tick) -> list[dg.ExecuteInProcessResult]:
        """The runs that a tick asked for, as the daemon starts them."""
        return [
            found.definitions.resolve_job_def(str(request.job_name)).execute_in_process(
                instance=self.instance,
                partition_key=request.partition_key,
                tags=request.tags,
                run_config=request.run_config,
                raise_on_error=False,
            )
            for request in result.run_requests
        ]

    def settle(self, found: Pipeline) -> Tick:
        """Wait until every operation ended, then a tick and the runs that it asks for."""
        wait_until_ended(self)
        result = self.tick(found)
        self.carry_out(found, result)
        return result

    def daemon(self, found: Pipeline) -> "Daemon":
        """What runs by itself from now on."""
        return Daemon(self, found)

    def others(self, count: int, **more: Any) -> None:
        """Other people's tasks in the project's queue."""
        self.sandbox.control("operations", {"project": PROJECT, "count": count, **more})


class Daemon:
    """The sensor and Dagster's automation, as the daemon asks them, and what they ask for, run one after the other."""

    def __init__(self, place: Place, found: Pipeline) -> None:
        self._place, self._found = place, found
        self._cursor: Any = None
        self.failed: list[tuple[str, str]] = []
        """Stage and partition of what failed, in order."""
        self._asked()

    def work(self) -> None:
        """Until nothing is asked for any more."""
        for _ in range(_ROUNDS):
            ticked, asked = self._place.settle(self._found), self._asked()
            self._make(asked)
            if not (ticked.run_requests or ticked.events or asked):
                return
        pytest.fail(f"expected an end after {_ROUNDS} rounds, still got {ticked} and {asked}")

    def _make(self, asked: Sequence[tuple[str, str]]) -> None:
        """Stage after stage; what follows on a failed one is left out, as within one run."""
        failed: set[str] = set()
        for stage, partition in asked:
            if partition not in failed and not self._found.materialise(stage, partition).success:
                failed.add(partition)
                self.failed.append((stage, partition))

    def _asked(self) -> list[tuple[str, str]]:
        found = self._found
        result = dg.evaluate_automation_conditions(defs=found.definitions, instance=found.instance, cursor=self._cursor)
        self._cursor = result.cursor
        keys = {stage: result.get_requested_partitions(found.chain.key(stage)) for stage in found.chain.stages}
        return [(stage, partition) for stage in found.chain.stages for partition in sorted(map(str, keys[stage]))]


def newest_event(found: Pipeline) -> int:
    """Place of the newest event of `export` in the event log."""
    return max((place for place, _ in _stored(found)), default=0)


def export_events(found: Pipeline, after: int = 0) -> list[AssetEvent]:
    """Events of `export` after a place in the event log, oldest first."""
    return [event for place, event in sorted(_stored(found), key=lambda entry: entry[0]) if place > after]


def _stored(found: Pipeline) -> Iterator[tuple[int, AssetEvent]]:
    key = found.chain.key("export")
    for fetch in (found.instance.fetch_materializations, found.instance.fetch_observations):
        for record in fetch(key, limit=1000).records:
            event = record.asset_materialization or record.event_log_entry.asset_observation
            assert event is not None
            yield record.storage_id, event


def assert_made(found: Pipeline, report: RunReport, partition: str = PARTITION) -> None:
    """Every stage that the product has holds the partition, and nothing failed."""
    assert report.failed == {}
    month = partition.partition("|")[2]
    for stage in found.chain.stages:
        key = month if stage == "zonal_stats" else partition
        assert key in found.instance.get_materialized_partitions(found.chain.key(stage)), stage


def parts_of(found: Pipeline, stage: str = "submission", partition: str = PARTITION) -> tuple[Part, ...]:
    """What the newest materialisation of submission or export records as its parts."""
    return read_parts(found.metadata(stage, partition))


def attempts(place: Place, found: Pipeline) -> list[str]:
    """Generations of the operations that were started for the newest submission's digest."""
    digest = found.metadata("submission", PARTITION)["eo/digest"]
    return [request[-3:] for request in submissions(place.sandbox).values() if digest in request]


def state_of(place: Place) -> list[str]:
    return list(last_states(place.sandbox).values())


def port_of(sandbox: SandboxProcess) -> int:
    return int(sandbox.url.rpartition(":")[2])


def cancel(sandbox: SandboxProcess, name: str) -> None:
    """As a person does in Earth Engine's task list."""
    requests.post(f"{sandbox.url}/v1/{name}:cancel", json={}, timeout=30).raise_for_status()


def wait_until_ended(place: Place) -> None:
    for _ in range(200):
        if not {"PENDING", "RUNNING"} & set(state_of(place)):
            return
        time.sleep(0.1)
    pytest.fail(f"expected every operation to end, got {state_of(place)}")
