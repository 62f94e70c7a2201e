"""When a request that failed is sent again, how often, and after how long.

What does not belong here: clocks and chance (arguments), and requests.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that Cloud Storage documents as worth another request (https://cloud.google.com/storage/docs/retry-strategy)."""


@dataclass(frozen=True)
class Patience:
    """How long trouble is borne.

    Attributes:
        seconds: without a byte, before a request is given up.
        first_wait: seconds, at most, before the second request; doubled each time.
        longest_wait: seconds, at most, between two requests, unless the service asks for more.
        corrupt_reads: how often an object is read whose bytes have another CRC32C.
    """

    seconds: float = 120
    first_wait: float = 0.5
    longest_wait: float = 20
    corrupt_reads: int = 3

    def wait(self, failures: int, *, luck: float, asked: float = 0) -> float:
        """Seconds before the next request.

        Args:
            failures: so far in a row, at least 1.
            luck: 0..1, by chance, so that many who failed together do not come back together.
            asked: what the service wants, at least.
        """
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(failures - 1, 30))
        return max(asked, longest * (0.5 + luck / 2))


def asked_wait(header: str | None, now: datetime) -> float:
    """Seconds of a Retry-After header: a number, or a date; 0 without one, or for what is neither."""
    if header is None:
        return 0
    if header.strip().isdecimal():
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except ValueError:
        return 0
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds())
