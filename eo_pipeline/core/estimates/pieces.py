"""What partitions that are asked for piece by piece would take: requests, bytes, and hours at the project's quota.

Compute is unknown until it is metered. What does not belong here: counting pieces (`orchestration.estimates`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eo_pipeline.core.requests.allowance import Allowance

TYPICAL_SECONDS = 1.5
"""That a request for a chip of 256 x 256 pixels takes, as in the published example of 4,000 chips in under 4 minutes by
25 processes: 25 * 240 s / 4,000."""


@dataclass(frozen=True)
class PartitionWork:
    """One partition that is not there yet; None where nobody knows.

    Attributes:
        pieces: chips, regions or points.
        requests: that they take.
        bytes: of the chips without compression.
    """

    pieces: int | None
    requests: float | None
    bytes: int | None


@dataclass(frozen=True)
class PiecesPlan:
    """All partitions that were asked for; None where nobody knows.

    Attributes:
        product: its name.
        what: chips, series or points.
        partitions: that were asked for.
        there: of those, made already.
        unknown: of those, left to make, of which nobody knows how many pieces they have.
        pieces: of the others that are left.
        requests: of the same.
        bytes: of the same chips, without compression.
        seconds: of the same requests, at the quota.
        measured: partitions whose requests were counted; 0 if requests follow from the declaration.
        quota: in words.
    """

    product: str
    what: str
    partitions: int
    there: int
    unknown: int
    pieces: int | None
    requests: int | None
    bytes: int | None
    seconds: float | None
    measured: int
    quota: str

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def pieces_plan(
    product: str, what: str, left: Sequence[PartitionWork], *, partitions: int, measured: int, allowance: Allowance
) -> PiecesPlan:
    """Add up.

    Args:
        product: its name.
        what: chips, series or points.
        left: partitions that are not there.
        partitions: that were asked for.
        measured: partitions from which requests were learned.
        allowance: of the project.
    """
    counted = [work for work in left if work.pieces is not None]
    requests = _sum([work.requests for work in left])
    rate = min(allowance.per_second, allowance.at_once / TYPICAL_SECONDS)
    return PiecesPlan(
        product=product,
        what=what,
        partitions=partitions,
        there=partitions - len(left),
        unknown=len(left) - len(counted),
        pieces=_whole(_sum([work.pieces for work in left])),
        requests=_whole(requests),
        bytes=_whole(_sum([work.bytes for work in left])),
        seconds=None if requests is None else requests / rate,
        measured=measured,
        quota=f"{allowance.at_once} at once, {allowance.per_second}/s, {TYPICAL_SECONDS:g} s a request",
    )


def _sum(values: Sequence[float | None]) -> float | None:
    """Of those that are known; None if there are some and none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known or not values else None


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
