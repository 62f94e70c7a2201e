"""Periods that Dagster cannot compute from a calendar: n-day spans, and the source's own image dates.

They become dynamic partitions. What does not belong here: calendar periods (`partitions`).
"""

from datetime import UTC, datetime

import dagster as dg

from eo_pipeline.core.periods import Period
from eo_pipeline.earth_engine.catalog import image_days
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.partitions import dynamic_name
from eo_pipeline.orchestration.resources import EarthEngineResource


def add_periods(
    chain: Chain, instance: dg.DagsterInstance, earth_engine: EarthEngineResource, *, now: datetime
) -> list[Period]:
    """Every period that has ended by now, in order; those that Dagster does not know yet are added."""
    period = chain.product.period
    if period.of_images:
        end = now if period.ends_at is None else min(now, period.ends_at)
        days = image_days(earth_engine.session(interactive=True), chain.product, until=end)
        found = [period.rule.parse(day.date().isoformat()) for day in days]
        ended = [p for p in found if p.end <= now.astimezone(UTC)]
    else:
        ended = list(period.until(now))
    instance.add_dynamic_partitions(dynamic_name(chain.product), [p.key for p in ended])
    return ended
