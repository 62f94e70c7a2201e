"""Which chips failed and why, in one message. What does not belong here: finding it out (`cut_chips`)."""

from collections.abc import Sequence

from eo_pipeline.core.chips.manifest import ChipOutcome

_NAMED = 20
"""Chips that are named of those that failed for one reason."""


def describe_failures(outcomes: Sequence[ChipOutcome], *, tolerance: float, url: str) -> str:
    """How many chips are missing, which, and why: a line a reason, the most frequent first.

    Args:
        outcomes: of all chips; some failed.
        tolerance: share that may fail.
        url: where they were asked for.
    """
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.found is None:
            reasons.setdefault(outcome.problem, []).append(outcome.id)
    failed = sum(map(len, reasons.values()))
    lines = [_line(reason, reasons[reason]) for reason in sorted(reasons, key=lambda r: (-len(reasons[r]), r))]
    return "\n".join(
        [
            f"expected {len(outcomes)} chips from {url}, got {failed} that could not be cut "
            f"({failed / len(outcomes):.2%}, tolerated are {tolerance:.2%}):",
            *lines,
            "the others are kept; run the partition again to ask for these, or set chips.tolerance",
        ]
    )


def _line(reason: str, ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"  {len(ids)} ({', '.join(ids[:_NAMED])}{more}): {reason}"
