"""A sandbox of one's own with one product, for tests that interrupt, lose and change things.

What does not belong here: expectations of one test only.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import requests

from eo_pipeline.orchestration.run import RunReport
from eo_pipeline.orchestration.sensors import build_operations_sensor
from eo_pipeline_tests.end_to_end.heights import heights, last_states
from eo_pipeline_tests.end_to_end.pipeline import Pipeline, pipeline, resources
from eo_pipeline_tests.processes import SandboxProcess

MONTH, PARTITION = "2024-01", "whole|2024-01"
EMPTY, EMPTY_PARTITION = "2024-03", "whole|2024-03"
STAGES = ("submission", "export", "tiles", "mosaic", "cube", "zonal_stats")
_A_WHILE = 1e6


@dataclass(frozen=True)
class Place:
    """A sandbox of its own with one product."""

    folder: Path
    sandbox: SandboxProcess
    instance: dg.DagsterInstance
    root: Path | None = None
    """Of results; `data` in the folder if None."""

    def pipeline(
        self, *, sandbox: SandboxProcess | None = None, instance: dg.DagsterInstance | None = None, **more: Any
    ) -> Pipeline:
        """The product, perhaps changed, perhaps on another service or with another history."""
        return pipeline(
            heights("heights", **more),
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

    def tick(self, found: Pipeline) -> dg.SensorResult:
        """One tick of the sensor; its result names the events of `export` that it stored."""
        sensor, before = build_operations_sensor([found.chain]), len(self._export_events(found))
        with dg.build_sensor_context(
            instance=self.instance, resources=resources(self.sandbox.url, self.folder), cursor=None
        ) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        return dg.SensorResult(run_requests=result.run_requests, asset_events=self._export_events(found)[before:])

    def _export_events(self, found: Pipeline) -> list[dg.AssetMaterialization | dg.AssetObservation]:
        """All there are, oldest first."""
        key = found.chain.key("export")
        records = [
            record
            for fetch in (self.instance.fetch_materializations, self.instance.fetch_observations)
            for record in fetch(key, limit=100).records
        ]
        events = [
            record.asset_materialization or record.event_log_entry.asset_observation
            for record in sorted(records, key=lambda record: record.storage_id)
        ]
        return [event for event in events if event is not None]


def assert_made(found: Pipeline, report: RunReport, partition: str = PARTITION) -> None:
    assert report.failed == {}
    month = partition.partition("|")[2]
    for stage in STAGES:
        key = month if stage == "zonal_stats" else partition
        assert key in found.instance.get_materialized_partitions(found.chain.key(stage)), stage


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
