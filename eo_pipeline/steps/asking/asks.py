"""What is asked, and what becomes of it. What does not belong here: when (`ask_all`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eo_pipeline.earth_engine.interactive.client import Request


class Ask[R](Protocol):
    """One piece of work, or a part of one."""

    def request(self) -> Request:
        """What is sent; the same every time."""
        ...

    def read(self, reply: bytes) -> R:
        """What was asked for.

        Raises:
            BrokenReplyError: the reply is none: it is asked again.
            TooMuchError: the reply is to a part of it: its halves are asked for.
            ServiceError: this piece is lost.
        """
        ...

    def halves(self) -> "Sequence[Ask[R]]":
        """Smaller parts, asked for in its place where it is too much for the service; () if there are none."""
        ...

    def join(self, parts: Sequence[R]) -> R:
        """The whole made of what came for `halves()`, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Answer[K, R]:
    """What became of one piece.

    Attributes:
        key: the caller's.
        value: what was asked for; None if it is lost.
        problem: why it is lost; empty if it is not.
        requests: that were sent for it, refused ones included.
    """

    key: K
    value: R | None
    problem: str = ""
    requests: int = 1


@dataclass
class Report:
    """What one call has done so far; given by the caller, who may look at any time.

    Attributes:
        sent: requests.
        refused: of those, "too many".
        answered: pieces that came.
        failed: pieces that are lost.
        unasked: pieces that were not asked for, since an error would have met all of them.
        stopped: that error; empty if there was none.
        passing: of the pieces that are lost, those lost to an error that passes, such as an outage.
    """

    sent: int = 0
    refused: int = 0
    answered: int = 0
    failed: int = 0
    unasked: int = 0
    stopped: str = ""
    passing: int = 0
