"""When downstream assets run by themselves, and how backfills are cut into runs.

What does not belong here: schedules and sensors that talk to Earth Engine.
"""

import dagster as dg

PARTITIONS_A_RUN = 50
SUBMISSIONS_A_RUN = 100


def as_soon_as_possible() -> dg.AutomationCondition[dg.AssetKey]:
    """Eager, for historical partitions too: Dagster's own `eager` looks only at the latest time window."""
    condition = dg.AutomationCondition.eager().without(dg.AutomationCondition.in_latest_time_window())
    return condition.with_label("as soon as its inputs are there, any period")


def grouped(partitions: int = PARTITIONS_A_RUN) -> dg.BackfillPolicy:
    """Many partitions a run: a run costs seconds, a partition inside it milliseconds."""
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=partitions)


def on_crash() -> dg.RetryPolicy:
    """Errors of the network or the disk that surprised us: twice more, later each time."""
    return dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
