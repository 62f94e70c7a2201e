"""Compute as events tell it: entries of metadata that hold it, and how they become rows.

What does not belong here: which events are read, and the table (`usage`).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from eo_pipeline.core.compute.usage import State, Usage, month_of
from eo_pipeline.core.exports.operations import Operation
from eo_pipeline.orchestration.event_log.names import REPORTED, SERVICE

EECU_SECONDS = "EECU-seconds"
OPERATIONS = "operations"
INTERACTIVE = "interactive requests"
"""Of a partition in one run; recorded by the assets that ask Earth Engine something at once."""

_STATES: Mapping[str, State] = {"SUCCEEDED": "succeeded", "FAILED": "failed", "CANCELLED": "cancelled"}
_OPERATION = "projects/"


def operations_metadata(operations: Iterable[Operation]) -> dg.JsonMetadataValue:
    """Ended operations for the entry `operations` of an event on `export`: a partition may have several."""
    return dg.MetadataValue.json(
        [
            {"operation": o.name, "state": o.state.value, EECU_SECONDS: o.eecu_seconds, "ended": o.ended}
            for o in operations
        ]
    )


def export_rows(product: str, record: dg.EventLogRecord) -> Iterator[Usage]:
    """Every operation of an event on `export`: of the entry `operations`, or else the one that was reported."""
    event = record.asset_materialization or record.event_log_entry.asset_observation
    if event is None or event.partition is None:
        return
    values: dict[str, Any] = {name: entry.value for name, entry in event.metadata.items()}
    listed = values.get(OPERATIONS) or _reported(record, event, values)
    yield from _operation_rows(product, event.partition, record, values, listed)


def _operation_rows(
    product: str,
    partition: str,
    record: dg.EventLogRecord,
    values: Mapping[str, Any],
    listed: Iterable[Mapping[str, Any]],
) -> Iterator[Usage]:
    for entry in listed:
        ended = _instant(str(entry["ended"])) or _stored(record)
        used = entry.get(EECU_SECONDS)
        yield Usage(
            month=month_of(ended),
            product=product,
            partition=partition,
            operation=str(entry["operation"]),
            route="batch",
            state=_STATES.get(str(entry["state"]), "cancelled"),
            eecu_seconds=None if used is None else float(used),
            requests=0,
            ended=ended,
            service=str(values.get(SERVICE, "")),
        )


def _reported(
    record: dg.EventLogRecord, event: dg.AssetMaterialization | dg.AssetObservation, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Of an event without the list: its one operation, if there was any."""
    name = str(values.get(REPORTED, ""))
    if not name.startswith(_OPERATION):
        return []
    said = (event.description or "").partition(":")[0].upper()
    state = "SUCCEEDED" if record.asset_materialization is not None else said
    return [{"operation": name, "state": state, EECU_SECONDS: values.get(EECU_SECONDS), "ended": ""}]


def run_rows(product: str, stage: str, record: dg.EventLogRecord) -> Iterator[Usage]:
    """What a run did for one partition: its interactive requests, and the ended operations of `operations`.

    The latter are earlier attempts that a submission replaced, which `export` may never report. A run may record a
    partition twice.
    """
    event = record.asset_materialization
    if event is None or event.partition is None:
        return
    values: dict[str, Any] = {name: entry.value for name, entry in event.metadata.items()}
    yield from _operation_rows(product, event.partition, record, values, values.get(OPERATIONS, ()))
    if INTERACTIVE not in values:
        return
    ended = _stored(record)
    yield Usage(
        month=month_of(ended),
        product=product,
        partition=event.partition,
        operation=f"run:{record.run_id}:{stage}",
        route="interactive",
        state="succeeded",
        eecu_seconds=None,
        requests=int(values[INTERACTIVE]),
        ended=ended,
        service=str(values.get(SERVICE, "")),
    )


def _stored(record: dg.EventLogRecord) -> datetime:
    return datetime.fromtimestamp(record.timestamp, UTC).replace(microsecond=0)


def _instant(text: str) -> datetime | None:
    """Of RFC 3339 text, to the second; None if it is empty."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0) if text else None
