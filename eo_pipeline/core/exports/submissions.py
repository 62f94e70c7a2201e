"""What is known of a partition's last submission: what was sent, in which parts, and what holds it back.

What does not belong here: how it is stored (`orchestration.event_log.ledger`), and what is done next (`reconcile`).
"""

import hashlib
from dataclasses import dataclass
from enum import Enum


class SubmissionState(Enum):
    """What became of a partition's submission.

    Attributes:
        SUBMITTED: every part has an operation.
        HELD: at least one part has none yet; it is sent when what holds it back is over.
        FOUND: objects were there without an operation.
        INTERACTIVE: nothing to wait for; the tiles are fetched by interactive requests.
        NO_IMAGES: there is nothing to export.
        WITHDRAWN: a person cancelled it.
    """

    SUBMITTED = "submitted"
    HELD = "held"
    FOUND = "found"
    INTERACTIVE = "interactive"
    NO_IMAGES = "no_images"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Part:
    """One operation's share of a partition.

    Attributes:
        digest: of the part's export; of the partition's unless it was split.
        generation: attempt number, from 1; 0 where nothing was sent.
        operation: `projects/P/operations/ID`, or empty where nothing was sent.
        prefix: of the part's objects.
        row, column: of its first pixel in the partition's area.
        height, width: pixels; 0 for a table.
        file_dimensions: pixels a side of one file; 0 for a table.
    """

    digest: str
    generation: int
    operation: str
    prefix: str
    row: int = 0
    column: int = 0
    height: int = 0
    width: int = 0
    file_dimensions: int = 0


@dataclass(frozen=True)
class Held:
    """Why a submission waits on our side.

    Attributes:
        reason: for a person.
        until: RFC 3339 instant before which trying again is pointless; empty if that depends on other things.
        times: how often it was held in a row.
    """

    reason: str
    until: str = ""
    times: int = 1


@dataclass(frozen=True)
class Submission:
    """What the ledger holds about the last submission of one partition.

    Attributes:
        digest: of the partition's export.
        state: see `SubmissionState`.
        service: address and project that the operations live on.
        inputs: fingerprint of the source images.
        parts: what was sent or is to be sent; empty without images.
        split: digests of exports that were given up for smaller ones.
        priority: 0..9999 of its tasks.
        held: why it waits, None unless HELD.
    """

    digest: str
    state: SubmissionState
    service: str
    inputs: str
    parts: tuple[Part, ...] = ()
    split: tuple[str, ...] = ()
    priority: int = 100
    held: Held | None = None

    @property
    def operations(self) -> tuple[str, ...]:
        """Names of the parts' operations."""
        return tuple(part.operation for part in self.parts if part.operation)

    @property
    def identity(self) -> str:
        """What is reported once: the operations, or the digest where nothing was sent."""
        names = self.operations
        if self.state is not SubmissionState.SUBMITTED or not names:
            return f"{self.state.value}:{self.digest}"
        return (
            names[0] if len(names) == 1 else f"{len(names)}:{hashlib.sha256(' '.join(names).encode()).hexdigest()[:40]}"
        )

    @property
    def advance(self) -> tuple[int, int]:
        """How far this digest is: exports split, then attempts made; what is further makes the other void."""
        return len(self.split), sum(part.generation for part in self.parts)

    def part(self, digest: str) -> Part | None:
        """The part of a digest, or None."""
        return next((part for part in self.parts if part.digest == digest), None)
