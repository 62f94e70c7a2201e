"""What an asset returns whose partitions are stored already."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stored:
    """What an asset returns whose partitions were stored one by one.

    Attributes:
        partitions: Dagster's keys, in the order they were stored.
    """

    partitions: tuple[str, ...]
