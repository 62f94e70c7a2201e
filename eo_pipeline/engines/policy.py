"""What becomes of batches whose worker is lost, that take too long, or that fail.

What does not belong here: carrying it out (`board`). There is no retry of a function's own errors: whoever
asks a service knows which of its errors pass.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Policy:
    """The same on every engine.

    Attributes:
        retries: of a batch whose worker ended under it, beyond the first try. Dask's own limit holds as well
            (`distributed.scheduler.allowed-failures`, 3).
        timeout: seconds that a batch may take from the moment a worker begins with it; None for no limit of ours.
            A batch that takes longer is ended and has failed.
        first_failure: `stop` gives up all other batches once one has failed; `try_all` tries every one.
    """

    retries: int = 2
    timeout: float | None = None
    first_failure: Literal["stop", "try_all"] = "stop"

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise ValueError(f"expected 0 retries or more, got {self.retries}")
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError(f"expected a timeout above 0 s or None, got {self.timeout}")
