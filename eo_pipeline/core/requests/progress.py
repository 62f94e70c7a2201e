"""How far a long series of requests is. What does not belong here: where that is shown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Standing:
    """Pieces that are done.

    Attributes:
        done: pieces that came or are lost.
        failed: of those, lost.
        total: pieces; None if nobody knows.
        per_second: pieces, lately.
    """

    done: int
    failed: int
    total: int | None
    per_second: float

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None if that says nothing."""
        if self.total is None or not self.per_second:
            return None
        return (self.total - self.done) / self.per_second
