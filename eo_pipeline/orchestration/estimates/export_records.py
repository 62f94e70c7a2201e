"""Finished exports, read from the event log: what each was asked for and what it took.

What does not belong here: predicting from them (`core.estimates`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from eo_pipeline.core.estimates.work import ExportRecord, Work
from eo_pipeline.core.exports.export_plan import tile_count
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import EECU_SECONDS, OPERATIONS
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.partitions import PartitionKey

_A_QUERY = 500


@dataclass(frozen=True)
class Finished:
    """The newest export of a partition.

    Attributes:
        record: what it took; None if there was nothing to export, or the product has no such area any more.
        recorded: seconds since 1970 at which this instance heard of it.
        is_current: True if the partition's newest submission is the one that ended.
        no_images: True if there was nothing to export.
    """

    record: ExportRecord | None
    recorded: float
    is_current: bool
    no_images: bool


def work_of(chain: Chain, key: PartitionKey, images: int | None = None) -> Work:
    """What a partition asks of Earth Engine."""
    geobox, product = chain.areas[key.area].geobox, chain.product
    height, width = geobox.shape
    tiles = tile_count(geobox, product.file_dimensions) if "tiles" in chain.stages else 1
    return Work(key.area, key.period, height * width, max(1, len(product.bands)), tiles, images)


def finished_exports(instance: dg.DagsterInstance, chain: Chain, *, service: str) -> dict[str, Finished]:
    """The newest finished export of each partition that was submitted to the service."""
    submission = chain.key("submission")
    submitted = list(ledger.newest_places(instance, submission))
    sent = ledger.last_submissions(instance, submission, submitted, service=service)
    exported = ledger.stamps(instance, chain.key("export"), sent)
    images = {p: stamp.values.get("images") for p, stamp in ledger.stamps(instance, submission, exported).items()}
    tiles = ledger.stamps(instance, chain.key("tiles"), exported)
    return {
        partition: Finished(
            record=_record(_work(chain, partition, images.get(partition)), event, tiles.get(partition)),
            recorded=event.recorded,
            is_current=event.values.get(names.REPORTED) == sent[partition].identity,
            no_images=event.values.get(names.STATE) == "no_images",
        )
        for partition, event in exported.items()
    }


def _work(chain: Chain, partition: str, images: Any) -> Work | None:
    """None if the product has no such area any more."""
    key = PartitionKey.parse(partition)
    return work_of(chain, key, None if images is None else int(images)) if key.area in chain.areas else None


def _record(work: Work | None, exported: ledger.Stamp, tiles: ledger.Stamp | None) -> ExportRecord | None:
    values = exported.values
    if work is None or EECU_SECONDS not in values:
        return None
    collected = tiles is not None and tiles.values.get(names.DIGEST) == values.get(names.DIGEST)
    return ExportRecord(
        work=work,
        eecu_seconds=float(values[EECU_SECONDS]),
        queue_seconds=float(values.get("queue seconds", 0.0)),
        run_seconds=float(values.get("run seconds", 0.0)),
        ended=_ended(values) or exported.recorded,
        bytes=int(tiles.values["bytes"]) if tiles is not None and collected else None,
    )


def _ended(values: Mapping[str, Any]) -> float | None:
    """When the last operation ended, seconds since 1970; None if no operation tells."""
    told = [str(entry["ended"]) for entry in values.get(OPERATIONS) or () if entry["ended"]]
    return max((datetime.fromisoformat(text).timestamp() for text in told), default=None)


def records_of(finished: Iterable[Finished]) -> list[ExportRecord]:
    """Those that were tasks: what was fetched by interactive requests tells nothing about the queue."""
    records = [found.record for found in finished if found.record is not None]
    return [record for record in records if record.eecu_seconds > 0 or record.run_seconds > 0]
