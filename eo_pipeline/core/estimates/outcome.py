"""What became of a plan: predicted against actual. What does not belong here: printing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eo_pipeline.core.estimates.intervals import Interval
from eo_pipeline.core.estimates.plan import Plan
from eo_pipeline.core.estimates.work import ExportRecord


@dataclass(frozen=True)
class Compared:
    """One quantity of a plan, as far as its exports have finished.

    Attributes:
        predicted: of the finished exports, of all before one has finished; None if it was unknown.
        actual: of the finished exports.
    """

    predicted: Interval | None
    actual: float

    @property
    def error(self) -> float | None:
        """(predicted - actual) / actual; None if either is unknown."""
        return None if self.predicted is None or not self.actual else self.predicted.middle / self.actual - 1

    def to_json(self) -> dict[str, Any]:
        """Numbers by name."""
        return {
            "predicted": None if self.predicted is None else self.predicted.to_json(),
            "actual": self.actual,
            "error": self.error,
            "inside": self.inside,
        }

    @property
    def inside(self) -> bool | None:
        """Whether the actual lies in the interval; None if nothing was predicted or nothing came."""
        return None if self.predicted is None or not self.actual else self.actual in self.predicted


@dataclass(frozen=True)
class Outcome:
    """A plan and what came of it.

    Attributes:
        plan: as it was made.
        finished: exports of it that have ended since.
        eecu_seconds: of those.
        bytes: of those whose tiles were collected.
        seconds: from the first of them submitted to the last ended; predicted only once all have ended.
        inside: of those whose own EECU-seconds were predicted, how many lie in their interval.
    """

    plan: Plan
    finished: int
    eecu_seconds: Compared
    bytes: Compared
    seconds: Compared
    inside: int

    def to_json(self) -> dict[str, Any]:
        """Numbers by name."""
        named = {"eecu_seconds": self.eecu_seconds, "bytes": self.bytes, "seconds": self.seconds}
        return {
            "made": self.plan.made,
            "exports": len(self.plan.exports),
            "finished": self.finished,
            "exports inside their own interval": self.inside,
            **{name: compared.to_json() for name, compared in named.items()},
        }


def compare(plan: Plan, records: Mapping[str, ExportRecord]) -> Outcome:
    """Compare a plan with the exports that finished since it was made, by partition."""
    if not any(key in records for key in plan.exports):
        return _nothing_yet(plan)
    chosen = {key: records[key] for key in plan.exports if key in records}
    found = list(chosen.values())
    each = dict(zip(plan.exports, plan.each_eecu_seconds, strict=False))
    of_these = sum(each[key].middle for key in chosen if key in each)
    sizes = [record.bytes for record in found if record.bytes is not None]
    return Outcome(
        plan=plan,
        finished=len(found),
        eecu_seconds=Compared(_part(plan.eecu_seconds, of_these), sum(record.eecu_seconds for record in found)),
        bytes=Compared(_times(plan.bytes, len(sizes) / max(1, len(plan.exports))), float(sum(sizes))),
        seconds=Compared(plan.seconds if len(found) == len(plan.exports) else None, _span(found)),
        inside=sum(chosen[key].eecu_seconds in each[key] for key in chosen if key in each),
    )


def _nothing_yet(plan: Plan) -> Outcome:
    eecu, size, seconds = (Compared(total, 0.0) for total in (plan.eecu_seconds, plan.bytes, plan.seconds))
    return Outcome(plan, 0, eecu, size, seconds, 0)


def _part(total: Interval | None, middle: float) -> Interval | None:
    """The total's interval for some of the exports: as wide as the total's, in proportion."""
    return None if total is None or not total.middle else total.times(middle / total.middle)


def _times(total: Interval | None, share: float) -> Interval | None:
    return None if total is None else total.times(share)


def _span(records: list[ExportRecord]) -> float:
    return max(r.ended for r in records) - min(r.started - r.queue_seconds for r in records)
