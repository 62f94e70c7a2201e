"""Bands whose numbers are packed bits, such as QA_PIXEL and QA60; bit 0 is the lowest.

Does not belong here: how a product names fields of bits (core.product.mask).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.core.masking.classes import is_one_of
from eo_pipeline.errors import ProductError


@dataclass(frozen=True)
class ClearBits:
    """A pixel is usable if none of some bits is set.

    Attributes:
        bits: each from 0 to 31.
    """

    bits: frozenset[int]

    def usable(self, packed: NDArray[Any]) -> NDArray[np.bool_]:
        """True where a number (any shape) has none of the bits."""
        wanted = sum(1 << bit for bit in self.bits)
        return np.asarray(_whole(packed, wanted) & wanted == 0)


@dataclass(frozen=True)
class BitField:
    """Bits that follow each other and hold one small number.

    Attributes:
        first: lowest bit, 0 to 31.
        last: highest bit.
        usable: numbers that a usable pixel has there.
    """

    first: int
    last: int
    usable: frozenset[int]


@dataclass(frozen=True)
class BitFields:
    """A pixel is usable if each of some fields has one of its usable numbers.

    Attributes:
        fields: at least one.
    """

    fields: tuple[BitField, ...]

    def usable(self, packed: NDArray[Any]) -> NDArray[np.bool_]:
        """True where a number (any shape) is right in every field."""
        kept = np.ones(packed.shape, dtype=np.bool_)
        for field in self.fields:
            ones = (1 << (field.last - field.first + 1)) - 1
            whole = _whole(packed, ones << field.first)
            kept &= is_one_of((whole >> field.first) & ones, field.usable)
        return kept


def _whole(packed: NDArray[Any], bits: int) -> NDArray[Any]:
    """The numbers in a type that can hold the bits."""
    if packed.dtype.kind not in "iu":
        raise ProductError(
            f"mask: expected a band of whole numbers, since its bits are asked for, got {packed.dtype}; "
            "name a band of bits, or mask by its classes or a threshold"
        )
    return packed if bits <= np.iinfo(packed.dtype).max else packed.astype(np.int64)
