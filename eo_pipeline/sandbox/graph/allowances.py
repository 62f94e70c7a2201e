"""How much requests and operations may compute, as the settings say. What does not belong here: counting it."""

from collections.abc import Callable

from eo_pipeline.sandbox.graph.limits import Allowance
from eo_pipeline.sandbox.settings import Settings


def interactive(settings: Settings) -> Allowance:
    """Of a request whose client waits."""
    return Allowance(
        seconds=settings.interactive_seconds,
        memory=settings.interactive_memory_bytes,
        timed_out=settings.computation_timed_out,
        memory_exceeded=settings.memory_limit_exceeded,
    )


def batch(settings: Settings, stopped: Callable[[], object]) -> Allowance:
    """Of one attempt of an operation.

    Args:
        settings: give the limits.
        stopped: raises when the operation shall end.
    """
    return Allowance(
        seconds=settings.batch_seconds,
        memory=settings.batch_memory_bytes,
        stopped=stopped,
        timed_out=settings.computation_timed_out,
        memory_exceeded=settings.memory_limit_exceeded,
    )
