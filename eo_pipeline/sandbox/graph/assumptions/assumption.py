"""What an assumption is. What does not belong here: what is assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["inferred", "remembered", "reported", "chosen"]
"""inferred from what is documented; remembered: unverified; reported in public code or issues; chosen: ours."""


@dataclass(frozen=True)
class Assumption:
    """One behaviour that was not checked against the service.

    Attributes:
        topic: what it is about, in the field's words.
        says: what the sandbox does.
        source: where that comes from.
        decided_in: module under eo_pipeline.sandbox, a colon, and the name in it that decides.
        functions: patterns of the wire names whose results it changes, for example Image.focal*; empty if it is about
            no function in particular.
    """

    topic: str
    says: str
    source: Source
    decided_in: str
    functions: tuple[str, ...] = ()
