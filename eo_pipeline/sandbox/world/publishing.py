"""When scenes appear and when they are made anew. What does not belong here: what they show.

A scene's delays are drawn from its name, so that they are the same in every process and at every time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eo_pipeline.sandbox.world.noise import uniform

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_SEED = 951


@dataclass(frozen=True)
class Edition:
    """A scene as it is listed at some time.

    Attributes:
        made_ms: when this edition was ingested, milliseconds since 1970; the time of sensing if nothing is delayed.
        revision: 0 for the first edition, 1 for the reprocessed one.
    """

    made_ms: int
    revision: int

    @property
    def version(self) -> int:
        """system:version: microseconds since 1970."""
        return self.made_ms * 1000


@dataclass(frozen=True)
class Publishing:
    """How the world lets scenes appear; by default all of them, of the past and the future, are there from the start.

    As soon as scenes have delays, those of the future are not there.

    Attributes:
        now_ms: the present, milliseconds since 1970.
        ingestion_hours: mean hours from sensing to listing; the scene's own delay is 0.5 to 1.5 times as long.
        late_share: share of scenes that come later, 0..1.
        late_days: by how many days on average; 0.5 to 1.5 times as many.
        reprocessed_share: share of scenes that are made anew, 0..1.
        reprocessed_days: mean days from sensing to that; 0.5 to 1.5 times as many.
    """

    now_ms: int = 0
    ingestion_hours: float = 0.0
    late_share: float = 0.0
    late_days: float = 20.0
    reprocessed_share: float = 0.0
    reprocessed_days: float = 40.0

    @property
    def is_all_there(self) -> bool:
        """True if nothing depends on the present."""
        return not (self.ingestion_hours or self.late_share or self.reprocessed_share)

    def until(self, end_ms: int | None) -> int | None:
        """The end up to which scenes may be listed when some end is asked for, ms since 1970; None for no end."""
        if self.is_all_there:
            return end_ms
        return self.now_ms + 1 if end_ms is None else self.before(end_ms)

    def before(self, end_ms: int) -> int:
        """The same where an end is asked for."""
        return end_ms if self.is_all_there else min(end_ms, self.now_ms + 1)

    def edition(self, name: str, sensed_ms: int) -> Edition | None:
        """What is listed of a scene now, or None if it has not arrived.

        Args:
            name: its system:index, from which delays are drawn.
            sensed_ms: when it was taken, milliseconds since 1970.
        """
        if self.is_all_there:
            return Edition(sensed_ms, 0)
        delay, late, lateness, again, age = _draws(name)
        made = sensed_ms + round((0.5 + delay) * self.ingestion_hours * _HOUR_MS)
        if late < self.late_share:
            made += round((0.5 + lateness) * self.late_days * _DAY_MS)
        if made > self.now_ms:
            return None
        renewed = max(made, sensed_ms + round((0.5 + age) * self.reprocessed_days * _DAY_MS))
        if again < self.reprocessed_share and renewed <= self.now_ms:
            return Edition(renewed, 1)
        return Edition(made, 0)


Present = Callable[[], Publishing]
"""Asked anew at each look into a collection: the clock and the settings may have moved on."""


def _draws(name: str) -> list[float]:
    """Five numbers in [0, 1) of a name."""
    numbers: list[float] = uniform(zlib.crc32(name.encode()), np.arange(5), _SEED).tolist()
    return numbers
