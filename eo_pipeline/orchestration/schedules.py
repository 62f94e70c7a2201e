"""Each period is asked for once it is available, and looked at again while late images may come.

Asking again is safe: the digest, which includes the source images, decides whether anything is exported or composed.
What does not belong here: deciding that.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dagster as dg

from eo_pipeline.core.periods import Period, is_available, is_rechecked, parse_duration
from eo_pipeline.core.product import Periods
from eo_pipeline.orchestration.automation import SUBMISSIONS_A_RUN
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log.ledger import newest_places
from eo_pipeline.orchestration.image_dates import add_periods
from eo_pipeline.orchestration.partitions import PartitionKey, is_dynamic
from eo_pipeline.orchestration.resources import EarthEngineResource

DAILY = "30 4 * * *"
ONE_DAY = timedelta(days=1)


def due(periods: Periods, all_ended: Sequence[Period], *, now: datetime, last: datetime | None) -> list[Period]:
    """Periods that became available since the last look, and those still rechecked.

    Args:
        periods: of the product.
        all_ended: every period that has ended, in order.
        now: UTC.
        last: when this was asked before, or None: then only what is rechecked counts, since history is for backfills.
    """
    after, recheck = parse_duration(periods.available_after), parse_duration(periods.recheck_for)
    available = [p for p in all_ended if is_available(p, now=now, available_after=after)]
    return [
        p
        for p in available
        if is_rechecked(p, now=now, recheck_for=recheck)
        or (last is not None and not is_available(p, now=last, available_after=after))
    ]


def build_schedule(chain: Chain) -> dg.ScheduleDefinition:
    """A daily schedule of one product; off until somebody turns it on, since it spends, or keeps this machine busy."""
    product, here = chain.product, chain.product.made_here

    @dg.schedule(
        name=f"{product.name}_{'look_for_inputs' if here else 'submit_available'}",
        cron_schedule=DAILY,
        execution_timezone="UTC",
        target=dg.AssetSelection.assets(chain.key(chain.first_stage)),
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            f"{'Looks for the inputs of' if here else 'Submits'} each period of {product.name} "
            f"{product.period.available_after} after its end, and again daily for {product.period.recheck_for} in case "
            f"images came late; unchanged ones are not {'composed' if here else 'exported'} twice. After an outage it "
            "goes on where it stopped."
        ),
    )
    def submit_available(
        context: dg.ScheduleEvaluationContext, earth_engine: EarthEngineResource
    ) -> list[dg.RunRequest] | dg.SkipReason:
        now = (context.scheduled_execution_time or datetime.now(UTC)).astimezone(UTC)
        ended = ended_periods(chain, context.instance, earth_engine, now=now)
        last = _last_look(chain, context.instance, ended, now=now)
        wanted = due(product.period, ended, now=now, last=last)
        requests = [request for period in wanted for request in _requests(chain, period, now)]
        return requests or dg.SkipReason("No period became available, and none is rechecked.")

    return submit_available


def ended_periods(
    chain: Chain, instance: dg.DagsterInstance, earth_engine: EarthEngineResource, *, now: datetime
) -> list[Period]:
    """Every period that has ended; periods that Dagster cannot compute are added to its dynamic partitions."""
    if not is_dynamic(chain.product.period):
        return list(chain.product.period.until(now))
    return add_periods(chain, instance, earth_engine, now=now)


def _last_look(chain: Chain, instance: dg.DagsterInstance, ended: Sequence[Period], *, now: datetime) -> datetime:
    """A day ago; or, after an outage, when the newest period became available that was ever asked for."""
    asked = {PartitionKey.parse(key).period for key in newest_places(instance, chain.key(chain.first_stage))}
    after = parse_duration(chain.product.period.available_after)
    available = [p.end + after for p in ended if p.key in asked]
    return min(now - ONE_DAY, max(available, default=now))


def _requests(chain: Chain, period: Period, now: datetime) -> Iterator[dg.RunRequest]:
    """Runs of at most 100 areas each, as ranges of the area dimension."""
    for number, (first, last) in enumerate(area_ranges(list(chain.areas), SUBMISSIONS_A_RUN)):
        yield dg.RunRequest(
            run_key=f"{chain.product.name}:{period.key}:{number}:{now.date()}",
            tags=range_tags(PartitionKey(first, period.key).text, PartitionKey(last, period.key).text),
        )


def area_ranges(areas: Sequence[str], size: int) -> list[tuple[str, str]]:
    """(first, last) of consecutive groups of at most `size` areas."""
    edges = [*range(0, len(areas), size), len(areas)]
    return [(areas[start], areas[stop - 1]) for start, stop in pairwise(edges)]


def range_tags(first: str, last: str) -> dict[str, str]:
    """Tags of a run over all partitions from first to last, in both dimensions where there are two."""
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
