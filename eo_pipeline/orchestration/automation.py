"""When downstream assets run by themselves, and how backfills are cut into runs.

What does not belong here: schedules and sensors that talk to Earth Engine.
"""

from typing import Any

import dagster as dg

PARTITIONS_A_RUN = 50
SUBMISSIONS_A_RUN = 100
REQUESTS_POOL = "earth_engine_requests"
"""Of the stages that ask for very many pieces: a few runs fill the project's quota."""


def as_soon_as_possible() -> dg.AutomationCondition[Any]:
    """Eager, for historical partitions too, and when what is declared here changed.

    Dagster's own `eager` looks only at the latest time window and not at the code version.
    """
    versioned: Any = dg.AutomationCondition.code_version_changed()
    moved: dg.AutomationCondition[Any] = versioned | dg.AutomationCondition.any_deps_updated()
    return (
        (dg.AutomationCondition.newly_missing() | moved).since_last_handled()
        & ~dg.AutomationCondition.any_deps_missing()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("as soon as its inputs are there, any period")


def code_version(version: str) -> str:
    """A version of the chain as Dagster compares it; one of nothing said, too, or the first that is would go unseen."""
    return version[:12] or "default"


def when_quiet() -> dg.AutomationCondition[Any]:
    """Once anything that the check looks at was made, and nothing of it is being made any more."""
    return (
        dg.AutomationCondition.any_deps_updated().since_last_handled()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("as soon as nothing is in progress")


def grouped(partitions: int = PARTITIONS_A_RUN) -> dg.BackfillPolicy:
    """Many partitions a run: a run costs seconds, a partition inside it milliseconds."""
    return dg.BackfillPolicy.multi_run(max_partitions_per_run=partitions)


def on_crash() -> dg.RetryPolicy:
    """Errors of the network or the disk that surprised us: twice more, later each time."""
    return dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
