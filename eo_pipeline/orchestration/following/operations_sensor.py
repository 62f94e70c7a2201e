"""One sensor follows Earth Engine's operations for all products.

What does not belong here: what an operation's state means (`core.exports.reconcile`, `reports`).
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from eo_pipeline.earth_engine.operations import get_operation, list_operations
from eo_pipeline.orchestration.chain import Chain, of_earth_engine
from eo_pipeline.orchestration.event_log.housekeeping import forget_evaluations
from eo_pipeline.orchestration.event_log.ledger_reader import LedgerReader
from eo_pipeline.orchestration.event_log.partition_cache import mend_caches
from eo_pipeline.orchestration.event_log.runless_events import store_events
from eo_pipeline.orchestration.following.reports import Service, Settle, Tick, tick
from eo_pipeline.orchestration.resources import DataRootResource, EarthEngineResource
from eo_pipeline.orchestration.schedules import range_tags
from eo_pipeline.orchestration.submissions.allowances import allowances
from eo_pipeline.orchestration.submissions.releases import MOST, Group, Held, groups
from eo_pipeline.orchestration.submissions.turns import is_in_line

NAME = "earth_engine_operations"
SETTLE_PRIORITY = "10"
URGENT_PRIORITY = "5"
_SETTLES = "eo/settle"
_RELEASES = "eo/release"
_REMEMBERED = 10
_LONGEST_PAUSE = 3600
_SERVICE, _WATERMARKS, _CACHES, _FORGOTTEN = "service", "watermarks", "caches", "forgotten"


def build_operations_sensor(chains: Sequence[Chain], *, seconds: int = 30) -> dg.SensorDefinition:
    """The sensor: one listing of the project's operations a tick; it keeps house for all products."""
    exported, by_name = of_earth_engine(chains), list(chains)
    reader = LedgerReader()  # kept from tick to tick, as long as the code server lives

    @dg.sensor(
        name=NAME,
        jobs=[_settling_job(chain) for chain in exported] or None,
        minimum_interval_seconds=seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reports finished exports of every product, and runs the submission of failed ones again.",
    )
    def earth_engine_operations(
        context: dg.SensorEvaluationContext, earth_engine: EarthEngineResource, data_root: DataRootResource
    ) -> dg.SensorResult:
        service = operations_of(earth_engine, data_root, exported)
        found = tick(
            context.instance,
            exported,
            service=service,
            watermarks=_watermarks(context.cursor, service.identity),
            reader=reader,
        )
        caches, mended = mend_caches(context.instance, by_name, _caches(context.cursor))
        if mended:
            context.log.warning(f"Dagster's cache had lost partitions of {', '.join(mended)}; it is made anew.")
        begun = [settle for settle in found.settle if _is_begun(context.instance, settle)]
        store_events(context.instance, [*found.events, *(settle.event for settle in begun)])
        requests = [_settle(settle) for settle in found.settle if settle not in begun]
        requests += _releases(context.instance, found.released, seconds)
        return dg.SensorResult(
            run_requests=requests or None,
            skip_reason=None if requests else dg.SkipReason(_summary(found)),
            cursor=json.dumps(
                {
                    _SERVICE: service.identity,
                    _WATERMARKS: found.watermarks,
                    _CACHES: caches,
                    _FORGOTTEN: forget_evaluations(context.instance, last=_forgotten(context.cursor), now=time.time()),
                }
            ),
        )

    return earth_engine_operations


def operations_of(earth_engine: EarthEngineResource, data_root: DataRootResource, chains: Sequence[Chain]) -> Service:
    """The operations of the resource's project, and what its products may still start."""
    settings = earth_engine.settings()
    return Service(
        identity=settings.service,
        list_operations=lambda: list_operations(earth_engine.session()),
        get_operation=lambda name: get_operation(earth_engine.session(), name),
        allowances=allowances(settings, data_root.place, [chain.product.name for chain in chains]),
        concurrency=settings.max_concurrent_exports,
    )


def _watermarks(cursor: str | None, service: str) -> dict[str, int]:
    """Of the last tick, if it looked at the same service: what waits elsewhere does not hold them back."""
    known = json.loads(cursor) if cursor else {}
    found: dict[str, int] = known[_WATERMARKS] if known.get(_SERVICE) == service else {}
    return found


def _caches(cursor: str | None) -> dict[str, int]:
    """Where the last tick found Dagster's caches right."""
    found: dict[str, int] = json.loads(cursor).get(_CACHES, {}) if cursor else {}
    return found


def _forgotten(cursor: str | None) -> float:
    """When old evaluations were last forgotten."""
    found: float = json.loads(cursor).get(_FORGOTTEN, 0.0) if cursor else 0.0
    return found


def _settling_name(chain: Chain) -> str:
    return f"{chain.product.name}_settle"


def _settling_job(chain: Chain) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        _settling_name(chain),
        selection=dg.AssetSelection.assets(chain.key("submission")),
        description=f"Submits failed exports of {chain.product.name} again, or fails with Earth Engine's words.",
    )


def _settle(settle: Settle) -> dg.RunRequest:
    """A run that submits the next attempt, or fails with Earth Engine's words."""
    return dg.RunRequest(
        run_key=f"settle:{settle.key}",
        job_name=_settling_name(settle.chain),
        partition_key=settle.recorded.partition,
        run_config=_config(settle.chain, settle.recorded.submission.priority, lost=settle.lost),
        tags={"dagster/priority": SETTLE_PRIORITY, _SETTLES: settle.key},
    )


def _config(chain: Chain, priority: int, *, lost: bool) -> dict[str, Any]:
    """As the submission that is run again was asked for."""
    config = {"lost": lost, "priority": priority}
    return {"ops": {chain.key("submission").to_python_identifier(): {"config": config}}}


def _releases(instance: dg.DagsterInstance, chosen: Sequence[Held], pause: int) -> list[dg.RunRequest]:
    """Runs that submit what was held back; none of a product whose last ones are still to come.

    A rectangle of areas and periods is one run. Of a backfill that is submitted in order only the first one goes: two
    runs would submit at once.
    """
    products = {one.chain.product.name for one in chosen}
    busy = {name for name in products if _is_releasing(instance, name, pause)}
    free = [one for one in chosen if one.chain.product.name not in busy]
    in_line = {one.chain.product.name for one in free if is_in_line(one.recorded.submission)}
    found, begun = [], set[str]()
    for group in groups(instance, free, size=MOST):
        name = group.chain.product.name
        if name not in in_line or name not in begun:
            found.append(_release(group))
        begun.add(name)
    return found


def _is_releasing(instance: dg.DagsterInstance, product: str, pause: int) -> bool:
    """True if runs of the last release are still to come, or failed so recently that the next ones would, too.

    What fails for a reason of the project's is not released again; this is for what nobody thought of.
    """
    runs = instance.get_run_records(dg.RunsFilter(tags={_RELEASES: product}), limit=_REMEMBERED)
    if any(not record.dagster_run.is_finished for record in runs):
        return True
    failures = len(list(takewhile(lambda record: record.dagster_run.is_failure, runs)))
    ended = max((record.end_time or 0.0 for record in runs), default=0.0)
    return failures > 0 and time.time() - ended < min(_LONGEST_PAUSE, pause * 2**failures)


def _release(group: Group) -> dg.RunRequest:
    first, last = group.keys[0], group.keys[-1]
    return dg.RunRequest(
        job_name=_settling_name(group.chain),
        run_config=_config(group.chain, group.priority, lost=False),
        tags={
            **range_tags(first.text, last.text),
            "dagster/priority": URGENT_PRIORITY,
            _RELEASES: group.chain.product.name,
        },
    )


def _is_begun(instance: dg.DagsterInstance, settle: Settle) -> bool:
    """True if the run is there: then the failure may count as reported, even if the daemon dies now."""
    return instance.get_runs_count(dg.RunsFilter(tags={_SETTLES: settle.key})) > 0


def _summary(found: Tick) -> str:
    if not (found.events or found.active or found.postponed or found.held):
        return "No export is under way."
    reported = len(found.events) + len(found.settle)
    told = f"{found.active} exports under way, {reported} reported, {found.postponed} postponed"
    reasons = Counter(one.reason for one in found.held)
    return "; ".join([told, *(f"{count} held back: {reason}" for reason, count in reasons.most_common(3))]) + "."
