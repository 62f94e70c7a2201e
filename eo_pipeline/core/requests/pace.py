"""How many requests may be under way at once, learned from answers.

What does not belong here: sending them, and when a refused one is sent again.
"""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Pace:
    """Halved at once when the service says "too many", raised by one after as many clean answers as are under way.

    Attributes:
        at_once: requests that may be under way.
        most: `at_once` never exceeds this.
        clean: answers since `at_once` changed.
        slowed: time of the last halving, in seconds of the caller's clock.
    """

    at_once: int
    most: int
    clean: int = 0
    slowed: float = -math.inf

    def answered(self) -> "Pace":
        """After a request that was let in."""
        if self.at_once < self.most and self.clean + 1 >= self.at_once:
            return replace(self, at_once=self.at_once + 1, clean=0)
        return replace(self, clean=self.clean + 1)

    def refused(self, *, sent: float, now: float) -> "Pace":
        """After a request that was too many; of those sent before the last halving only the first one halves."""
        if sent <= self.slowed:
            return replace(self, clean=0)
        return replace(self, at_once=max(1, self.at_once // 2), clean=0, slowed=now)
