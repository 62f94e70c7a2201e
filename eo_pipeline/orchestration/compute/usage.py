"""The table of compute, brought up to date from the event log and Cloud Monitoring.

What does not belong here: what one event says (`usage_events`), and when this happens (`assets.usage`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import dagster as dg
from dagster._core.storage.runs import SqlRunStorage

from eo_pipeline.core import keys
from eo_pipeline.core.compute.usage import Metered, Unmetered, Usage, merged, month_bounds, month_of
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.compute.usage_events import export_rows, run_rows
from eo_pipeline.orchestration.event_log.event_pages import events_after
from eo_pipeline.orchestration.following.waiting import OVERLAP
from eo_pipeline.storage.usage_table import UsageTable

ASKING = ("submission", "tiles", "ee_asset", "samples", "chips", "series", "points")
"""Stages whose runs make interactive requests or replace earlier attempts."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class _Source:
    """Events of one kind on one asset, and how they become rows.

    Attributes:
        name: of its watermark.
        key: of the asset.
        fetch: reads them.
        rows: of one event.
    """

    name: str
    key: dg.AssetKey
    fetch: Callable[..., Any]
    rows: Callable[[dg.EventLogRecord], Iterator[Usage]]


def _sources(instance: dg.DagsterInstance, chains: Sequence[Chain]) -> Iterator[_Source]:
    log = event_log_id(instance)
    for chain in chains:
        product, export = chain.product.name, chain.key("export")
        for kind, fetch in (("made", instance.fetch_materializations), ("observed", instance.fetch_observations)):
            yield _Source(f"{log} {product}/export {kind}", export, fetch, partial(export_rows, product))
        for stage in ASKING:
            yield _Source(
                f"{log} {product}/{stage} made",
                chain.key(stage),
                instance.fetch_materializations,
                partial(run_rows, product, stage),
            )


def event_log_id(instance: dg.DagsterInstance) -> str:
    """Identity of a Dagster instance's history: another one once it was wiped; empty if its storage has none."""
    storage = instance.run_storage
    return str(storage.get_run_storage_id()) if isinstance(storage, SqlRunStorage) else ""


def brought_up_to_date(before: UsageTable, instance: dg.DagsterInstance, chains: Sequence[Chain]) -> UsageTable:
    """The table with all that was recorded since; rows whose events are gone stay."""
    watermarks = dict(before.watermarks)
    found: list[Usage] = []
    for source in _sources(instance, chains):
        last = watermarks.get(source.name, 0)
        for record in events_after(source.fetch, source.key, max(0, last - OVERLAP)):
            found += source.rows(record)
            last = max(last, record.storage_id)
        if last:
            watermarks[source.name] = last
    return UsageTable(merged(before.rows, found), watermarks)


def is_behind(before: UsageTable, instance: dg.DagsterInstance, chains: Sequence[Chain]) -> bool:
    """True if anything was recorded that the table has not read yet."""
    return any(_is_newer(source, before.watermarks) for source in _sources(instance, chains))


def _is_newer(source: _Source, watermarks: Mapping[str, int]) -> bool:
    wanted = dg.AssetRecordsFilter(asset_key=source.key, after_storage_id=watermarks.get(source.name, 0))
    return bool(source.fetch(wanted, limit=1).records)


def months_to_meter(now: datetime) -> tuple[str, str]:
    """The month before, whose last requests may have come after it was last metered, and this one."""
    this = month_of(now)
    return month_of(month_bounds(this)[0] - _SECOND), this


def with_metered(
    table: UsageTable,
    products: Iterable[str],
    month: str,
    metered: Metered | Unmetered,
    *,
    service: str,
    now: datetime,
) -> UsageTable:
    """The table with what a month's interactive requests used, by product; unchanged if that is unmetered."""
    if isinstance(metered, Unmetered):
        return table
    ended = min(now, month_bounds(month)[1] - _SECOND).replace(microsecond=0)
    there = {row.product for row in table.rows if row.month == month}
    rows = [
        _metered_row(name, month, metered, service=service, ended=ended)
        for name in products
        if name in there or metered.of_tag(keys.workload_tag(name))
    ]
    return replace(table, rows=merged(table.rows, rows))


def _metered_row(product: str, month: str, metered: Metered, *, service: str, ended: datetime) -> Usage:
    tag = keys.workload_tag(product)
    return Usage(
        month=month,
        product=product,
        partition="",
        operation=f"metered:{month}:{service}",
        route="interactive",
        state="succeeded",
        eecu_seconds=metered.interactive(tag),
        requests=0,
        ended=ended,
        service=service,
    )
