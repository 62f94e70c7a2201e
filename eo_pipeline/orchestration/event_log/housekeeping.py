"""Keeps Dagster's history from growing for ever where nobody reads it.

Automation writes down at each tick why it did what to each asset: with 10,000 partitions about a megabyte, kept for 30
days. What does not belong here: anything that the ledger reads.
"""

import dagster as dg

KEPT_SECONDS = 24 * 3600
"""Evaluations of automation that a person may still want to look at."""

EVERY_SECONDS = 3600


def forget_evaluations(instance: dg.DagsterInstance, *, last: float, now: float) -> float:
    """Forget old evaluations, once an hour.

    Args:
        instance: whose history it is.
        last: when this was done before, seconds since 1970; 0 if never.
        now: likewise.

    Returns:
        `last` for the next call.
    """
    storage = instance.schedule_storage
    if storage is None or now - last < EVERY_SECONDS:
        return last
    storage.purge_asset_evaluations(before=now - KEPT_SECONDS)
    return now
