"""What a non-commercial project may compute a month, by its tier.

What does not belong here: asking how much was computed.
"""

from collections.abc import Mapping
from types import MappingProxyType

EECU_HOURS_A_MONTH: Mapping[str, int] = MappingProxyType({"community": 150, "contributor": 1_000, "partner": 100_000})
"""Hours of an Earth Engine compute unit a month, as published for non-commercial projects from 2026-04-27."""
