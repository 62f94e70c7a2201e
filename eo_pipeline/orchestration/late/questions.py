"""What was used for the partitions that are still rechecked, and how to ask what there is today.

What does not belong here: when to ask (`rounds`).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import dagster as dg

from eo_pipeline.core.exports.submissions import SubmissionState
from eo_pipeline.core.periods import is_available, is_rechecked, parse_duration
from eo_pipeline.earth_engine.session import Session
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.event_log import ledger, names
from eo_pipeline.orchestration.late.rounds import Question
from eo_pipeline.orchestration.partitions import PartitionKey
from eo_pipeline.orchestration.scenes.opening import open_inputs
from eo_pipeline.orchestration.scenes.resource import ScenesResource
from eo_pipeline.orchestration.submissions.planner import pair
from eo_pipeline.steps.exports.plan_export import read_inputs

_PAST = (SubmissionState.HELD, SubmissionState.WITHDRAWN)
"""States of submissions that nothing was made of."""


def rechecked(chain: Chain, instance: dg.DagsterInstance, *, now: datetime) -> list[str]:
    """Partitions, Dagster's keys, whose period is over and still looked at again."""
    declared = chain.product.period
    after, recheck = parse_duration(declared.available_after), parse_duration(declared.recheck_for)
    keys = chain.by_period.get_partition_keys(dynamic_partitions_store=instance)
    periods = [chain.period(key) for key in keys]
    late = [
        period.key
        for period in periods
        if is_available(period, now=now, available_after=after) and is_rechecked(period, now=now, recheck_for=recheck)
    ]
    return [PartitionKey(area, period).text for period in late for area in chain.areas]


def of_scenes(chain: Chain, instance: dg.DagsterInstance, scenes: ScenesResource, *, now: datetime) -> Question:
    """Of a product that is made here: what `inputs` recorded, and what its source says today."""
    found = ledger.stamps(instance, chain.key("inputs"), rechecked(chain, instance, now=now))

    def ask(keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        work = open_inputs(chain, scenes, instance)
        for key in keys:
            yield key, work.fingerprint(key)

    recorded = {partition: str(stamp.values.get(names.DIGEST, "")) for partition, stamp in found.items()}
    return Question(chain.product.name, recorded, ask)


def of_exports(
    chain: Chain, instance: dg.DagsterInstance, service: str, session: Callable[[], Session], *, now: datetime
) -> Question:
    """Of an exported product: ids and versions of the images behind the last submission, and those of today."""
    wanted = rechecked(chain, instance, now=now)
    last = ledger.last_submissions(instance, chain.key("submission"), wanted, service=service)

    def ask(keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        answers = read_inputs(session(), chain.product, [pair(chain, key) for key in keys])
        for key, (_, inputs) in zip(keys, answers, strict=False):  # read as far as there is time
            yield key, inputs.fingerprint

    recorded = {
        partition: one.submission.inputs
        for partition, one in last.items()
        if one.submission.inputs and one.submission.state not in _PAST
    }
    return Question(chain.product.name, recorded, ask)
