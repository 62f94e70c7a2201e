"""Columns of the tables we make: names, meanings and units.

Does not belong here: values, and how a table becomes a file.
"""

from dataclasses import dataclass
from typing import Literal

Dtype = Literal[
    "as in the file of zones", "as in the regions", "string", "date", "timestamp", "int64", "double", "geometry"
]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: as in the table.
        dtype: of its values; int64 and double columns may hold nulls unless the description says otherwise.
        description: one sentence for a reader.
        units: of the values; empty for pure numbers, texts and dates.
    """

    name: str
    dtype: Dtype
    description: str
    units: str = ""
