"""An event log as weeks of exports leave it: a product of 10,000 partitions, most exported, the rest under way.

Written to SQLite in one transaction for each asset, past the instance, which takes milliseconds an event. What does
not belong here: what is measured on it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

from eo_pipeline.core import keys
from eo_pipeline.core.exports.submissions import Held, Part, Submission, SubmissionState
from eo_pipeline.core.product import Product
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.declarations import Origin, load_chain
from eo_pipeline.orchestration.event_log import names
from eo_pipeline.orchestration.event_log.stored_submissions import metadata_of, parts_metadata

BUCKET = "benchmark"
AREAS = PERIODS = 100
_PARTITIONS_A_RUN = 100


def large_chain(folder: str) -> Chain:
    """A product of 100 areas x 100 days; the chain needs no file, for its areas are copies of one box."""
    product = Product.model_validate(
        {
            "name": "large",
            "source": {"collection": "BENCHMARK/NOTHING", "bands": ["band"]},
            "period": {"every": "day", "start": "2024-01-01", "end": "2024-04-10"},
            "area": {"box": [0, 0, 40, 40], "crs": "EPSG:32633", "resolution": 10, "tile": 4},
            "output": {"band": {"dtype": "float32"}},
        }
    )
    small = load_chain(product, Origin(None, None, (Path(folder),), product.name))
    [area] = small.areas.values()
    return Chain(product, {keys.cell_key(column=number, row=0): area for number in range(AREAS)}, None)


def partitions(chain: Chain) -> list[str]:
    """Every partition, an area after the other."""
    return list(chain.by_area_and_period.get_partition_keys())


def digest_of(partition: str) -> str:
    """A digest that no other partition has."""
    return keys.digest({"partition": partition})


def description_of(chain: Chain, partition: str) -> str:
    """What the task list shows of a partition's first attempt."""
    area, _, period = partition.partition("|")
    request_id = keys.request_id(digest=digest_of(partition), generation=1)
    return keys.description(
        product=chain.product.name, area_key=area, period_key=period, destination=f"{BUCKET}/", request_id=request_id
    )


@dataclass(frozen=True)
class History:
    """What was submitted, and what became of it.

    Attributes:
        chain: the product.
        service: identity of the service.
        operations: name of each partition's operation, in order of submission; empty of what is held back.
        exported: how many of the first of them are reported, collected and mosaicked.
    """

    chain: Chain
    service: str
    operations: Mapping[str, str]
    exported: int

    def write(self, instance: dg.DagsterInstance) -> None:
        """Store it, and let Dagster count what is there as its pages and its automation do."""
        done = list(self.operations)[: self.exported]
        runs = [
            list(self.operations)[i : i + _PARTITIONS_A_RUN] for i in range(0, len(self.operations), _PARTITIONS_A_RUN)
        ]
        for number, run in enumerate(runs):
            twice = [*run, *run]  # a run records each at once, and all of them as it ends
            _store(
                instance, self.chain.key("submission"), ((p, self._sent(p)) for p in twice), run_id=f"run{number:04d}"
            )
        for stage in ("export", "tiles", "mosaic"):
            _store(instance, self.chain.key(stage), ((p, self._reported(p)) for p in done), run_id="")
        for stage in ("submission", "export", "tiles", "mosaic"):
            get_and_update_asset_status_cache_value(instance, self.chain.key(stage), self.chain.partitions(stage))

    def _sent(self, partition: str) -> Mapping[str, Any]:
        return metadata_of(self._submission(partition), place=f"gs://{BUCKET}")

    def _reported(self, partition: str) -> Mapping[str, Any]:
        sent = self._submission(partition)
        return {
            "EECU-seconds": 12.5,
            "queue seconds": 60.0,
            "run seconds": 30.0,
            names.REPORTED: sent.identity,
            names.ROOT: "/data",
            **parts_metadata(sent, place=f"gs://{BUCKET}"),
        }

    def _submission(self, partition: str) -> Submission:
        digest, operation = digest_of(partition), self.operations[partition]
        part = Part(digest, 1, operation, f"large/{partition}/{digest}/tile", height=4, width=4, file_dimensions=256)
        held = None if operation else Held("the queue is full")
        state = SubmissionState.SUBMITTED if operation else SubmissionState.HELD
        inputs = keys.digest({"of": partition})
        return Submission(digest, state, self.service, inputs, parts=(part,), held=held)


def _store(
    instance: dg.DagsterInstance,
    key: dg.AssetKey,
    records: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    run_id: str,
) -> None:
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)  # noqa: S101 - the instance is the benchmark's own, on SQLite
    entries = [_entry(dg.AssetMaterialization(key, partition=p, metadata=dict(m)), run_id) for p, m in records]
    with storage.index_transaction() as connection:
        ids = [connection.execute(storage.prepare_insert_event(e)).lastrowid for e in entries]
        storage._store_asset_event(connection, entries[-1], ids[-1])


def _entry(event: dg.AssetMaterialization, run_id: str) -> dg.EventLogEntry:
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]  # Dagster's class is not annotated
        error_info=None,
        level=20,
        user_message="",
        run_id=run_id,
        timestamp=time.time(),
        job_name="",
        dagster_event=DagsterEvent(
            event_type_value=DagsterEventType.ASSET_MATERIALIZATION.value,
            job_name="",
            event_specific_data=StepMaterializationData(event),
        ),
    )
