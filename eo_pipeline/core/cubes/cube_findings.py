"""What is wrong with a cube, as values; and what a shard holds, as far as it is counted.

What does not belong here: looking for it (`cube_alignment`, `ledger_check`, `storage.cubes.verify`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What was checked.

    STRUCTURE: arrays, chunks and attributes are the template's, or at least fit each other. ALIGNMENT: coordinates, CF
    and GeoZarr attributes mean one grid. LEDGER: rows tell what the shards hold. NODATA: shares of nodata, and NaN
    where nodata is something else. RANGE: values lie in the range or among the flags that the band declares.
    """

    STRUCTURE = "structure"
    ALIGNMENT = "alignment"
    LEDGER = "ledger"
    NODATA = "nodata"
    RANGE = "range"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        check: that found it.
        where: array, period, area or shard.
        said: what was expected and what is there.
    """

    check: Check
    where: str
    said: str


@dataclass(frozen=True)
class BandFacts:
    """What one band holds in one shard of one slot.

    Attributes:
        pixels: inside the grid.
        valid: of them neither nodata nor NaN.
        nan: of them NaN.
        written: of them other than the fill value.
        outside: of the valid ones those that the band does not declare.
        example: one of these, None without any.
    """

    pixels: int
    valid: int
    nan: int
    written: int
    outside: int
    example: float | None


@dataclass(frozen=True, order=True)
class Shard:
    """A shard of the grid.

    Attributes:
        row: of shards, from the top.
        column: of shards, from the left.
    """

    row: int
    column: int


type SlotFacts = Mapping[Shard, Mapping[str, BandFacts]]
"""What a slot holds: every band, by name, of every shard."""
