"""What every part of a declaration shares. What does not belong here: any part."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, WithJsonSchema

SHARD = 256
"""Pixels a side of the pieces that Earth Engine computes."""


class Section(BaseModel):
    """A part of the declaration: unknown fields are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Scalar = str | float | int | bool


def _numbers(count: int) -> WithJsonSchema:
    """Dagster's sample YAML knows arrays by `items` only, not the `prefixItems` of a tuple."""
    return WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": count, "maxItems": count})


Point = Annotated[tuple[float, float], _numbers(2)]
Range = Annotated[tuple[float, float], _numbers(2)]
Bounds = Annotated[tuple[float, float, float, float], _numbers(4)]


_NAMED = 5
"""Names that an error lists."""


def some_words(names: Sequence[str]) -> str:
    """Names for an error; of many only the first."""
    return ", ".join([*names[:_NAMED], *([f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else [])])
