"""Partitions as a person writes them on the command line: `2024-01..2024-06`, area keys.

What does not belong here: which partitions exist (`orchestration.partitions`).
"""

from collections.abc import Sequence

from eo_pipeline.errors import SettingsError
from eo_pipeline.orchestration.chain import Chain
from eo_pipeline.orchestration.partitions import PartitionKey


def periods_between(text: str | None, known: Sequence[str]) -> list[str]:
    """Keys from A to B of `A..B`, or one key, or all of them if nothing was written.

    Raises:
        SettingsError: a key is not one of the product's periods.
    """
    if text is None:
        return list(known)
    first, dots, last = text.partition("..")
    last = last if dots else first
    for key in (first, last):
        if key not in known:
            listed = f"{known[0]} to {known[-1]}" if known else "none has ended yet"
            raise SettingsError(f"--partitions: expected periods of the product ({listed}), got {key!r}")
    found = list(known[known.index(first) : known.index(last) + 1])
    if not found:
        raise SettingsError(f"--partitions: expected A..B with A before B, got {text!r}")
    return found


def areas_named(names: Sequence[str], chain: Chain) -> list[str]:
    """Area keys that were named, or all of them.

    Raises:
        SettingsError: a key is not one of the product's areas.
    """
    if unknown := [name for name in names if name not in chain.areas]:
        some = ", ".join(list(chain.areas)[:10])
        raise SettingsError(f"--area: expected areas of the product ({some}), got {', '.join(unknown)}")
    return list(names) or list(chain.areas)


def wanted_partitions(areas: Sequence[str], periods: Sequence[str]) -> list[PartitionKey]:
    """Every area in every period, period by period."""
    return [PartitionKey(area, period) for period in periods for area in areas]
