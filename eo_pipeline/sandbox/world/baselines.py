"""Processing baselines of Sentinel-2 by date of sensing. What does not belong here: pixels.

That baseline 04.00 began on 2022-01-25 and added 1000 to stored reflectances is published; the other dates are
remembered and nothing but the property PROCESSING_BASELINE depends on them.
"""

from __future__ import annotations

from eo_pipeline.sandbox.world.orbits import DAY_MS

OFFSET_FROM_MS = 19_017 * DAY_MS
"""2022-01-25, milliseconds since 1970."""

OFFSET = 1000
"""What stored reflectances are larger by from then on, where they are not harmonised."""

_BASELINES = (
    (17_253, "02.05"),
    (17_841, "02.11"),
    (18_100, "02.13"),
    (18_296, "02.14"),
    (18_716, "03.00"),
    (18_808, "03.01"),
    (19_017, "04.00"),
    (19_332, "05.09"),
    (19_704, "05.10"),
    (19_927, "05.11"),
)
"""(day since 1970 from which on, baseline)."""


def baseline_of(time_ms: int) -> str:
    """The baseline with which a scene was first processed, for example 04.00.

    Args:
        time_ms: when it was sensed, milliseconds since 1970.
    """
    return [name for day, name in _BASELINES if day <= time_ms // DAY_MS][-1]


def added(time_ms: int) -> int:
    """What is added to the stored reflectances of a scene that is not harmonised: 0 or OFFSET."""
    return OFFSET if time_ms >= OFFSET_FROM_MS else 0
