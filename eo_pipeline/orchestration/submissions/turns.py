"""Large backfills are submitted in the order of their periods and areas.

Dagster cuts a backfill into runs in no particular order (1.13: it iterates over a set). So what a large one asks for
the first time is held at once, and released in its order once all its runs have ended. What does not belong here:
releasing (`releases`).
"""

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus, PartitionBackfill
from dagster._core.storage.tags import BACKFILL_ID_TAG

from eo_pipeline.core.exports.submissions import Held, Submission, SubmissionState
from eo_pipeline.orchestration.automation import SUBMISSIONS_A_RUN

REASON = "a large backfill is submitted in the order of its periods and areas"


def takes_turns(context: dg.AssetExecutionContext) -> bool:
    """True if a run belongs to a backfill over more partitions than one run takes."""
    backfill_id = context.run.tags.get(BACKFILL_ID_TAG)
    backfill = context.instance.get_backfill(backfill_id) if backfill_id else None
    return backfill is not None and _is_large(backfill, context.asset_key)


def in_line(service: str, priority: int) -> Submission:
    """A submission whose turn comes; it is planned then."""
    return Submission("", SubmissionState.HELD, service, "", priority=priority, held=Held(REASON))


def is_in_line(submission: Submission) -> bool:
    """True for a submission whose turn has not come."""
    return submission.held is not None and submission.held.reason == REASON


def is_gathering(instance: dg.DagsterInstance, key: dg.AssetKey) -> bool:
    """True while a large backfill of a submission still makes its runs: who is first is not known before it ends."""
    under_way = instance.get_backfills(filters=BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED]))
    return any(_is_large(backfill, key) for backfill in under_way)


def _is_large(backfill: PartitionBackfill, key: dg.AssetKey) -> bool:
    data = backfill.asset_backfill_data
    if data is None or key not in data.target_subset.asset_keys:
        return False
    return len(data.get_target_partitions_subset(key)) > SUBMISSIONS_A_RUN
