"""When a request that failed is sent again, how often, and after how long.

What does not belong here: clocks and chance (arguments), and how many requests go together (`pace`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long trouble is borne.

    Attributes:
        attempts: of one piece that meets passing errors, "too many" not counted.
        seconds: without any answer after which everything is given up.
        first_wait: seconds before a piece is asked for again, on average; doubled every time.
        longest_wait: seconds.
        at_once: requests under way at most, where the caller's memory sets a bound; None for what the service allows.
    """

    attempts: int = 8
    seconds: float = 600.0
    first_wait: float = 1.0
    longest_wait: float = 60.0
    at_once: int | None = None

    def wait(self, tries: int, *, luck: float) -> float:
        """Seconds before a piece is asked for again.

        Args:
            tries: before, without the one that has just failed.
            luck: 0..1, by chance, so that many who failed together do not come back together.
        """
        return luck * min(self.longest_wait, 2 * self.first_wait * 2.0 ** min(tries, 30))
