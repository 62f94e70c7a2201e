"""How a band's physical values are stored as numbers: dtype, scale, offset and nodata.

Belongs here: the encoding of one band and what follows from it for arrays. Does not: reading or writing files,
and how Earth Engine is asked for such a band.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from eo_pipeline.errors import ProductError

Kind = Literal["continuous", "categorical", "count"]
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
KINDS: tuple[Kind, ...] = ("continuous", "categorical", "count")


@dataclass(frozen=True)
class BandEncoding:
    """One band as stored: physical = stored * scale + offset.

    Attributes:
        name: the band's name, as in the files.
        dtype: numpy's name of the stored type, one of DTYPES.
        scale: physical units per stored unit, finite, not 0.
        offset: physical value of a stored 0, in units.
        nodata: the stored number that means "no value"; NaN for floats only; None = every number is a value.
        units: of the physical values, e.g. "K"; empty for pure numbers.
        description: one sentence for readers of a table or file.
        kind: decides how pixels may be merged: continuous values average, categories and counts do not.
        valid_range: least and largest stored number that a usable pixel may have, as CF's `valid_range`; None = any.
            Nothing is masked by it: a number outside is a mistake, which checks name.
    """

    name: str
    dtype: str
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | int | None = None
    units: str = ""
    description: str = ""
    kind: Kind = "continuous"
    valid_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ProductError("band: field name: expected a text, got an empty one; give every band a name")
        if self.dtype not in DTYPES:
            self._refuse("dtype", f"one of {', '.join(DTYPES)}", self.dtype)
        if self.kind not in KINDS:
            self._refuse("kind", f"one of {', '.join(KINDS)}", self.kind)
        if not math.isfinite(self.scale) or self.scale == 0:
            self._refuse("scale", "a finite number other than 0", self.scale)
        if not math.isfinite(self.offset):
            self._refuse("offset", "a finite number", self.offset)
        self._check_nodata()
        self._check_valid_range()

    @property
    def is_float(self) -> bool:
        """Whether the stored type is a floating-point type, the only ones that hold NaN."""
        return self.dtype.startswith("float")

    @property
    def mark(self) -> tuple[Any, bool]:
        """What kernels know of nodata: the number in the stored type (0 if there is none), and whether there is one."""
        return np.dtype(self.dtype).type(0 if self.nodata is None else self.nodata), self.nodata is not None

    @property
    def empty(self) -> float:
        """The stored number of a pixel that no raster has: nodata, else NaN of floats and 0 of integers."""
        if self.nodata is not None:
            return self.nodata
        return math.nan if self.is_float else 0

    def is_nodata(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """True where `stored` (any shape) is the nodata number."""
        if self.nodata is None:
            return np.zeros(stored.shape, dtype=np.bool_)
        if math.isnan(self.nodata):
            return np.isnan(stored)
        return np.asarray(stored == self.nodata, dtype=np.bool_)

    def is_valid(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """True where `stored` (any shape) is usable: neither nodata nor NaN."""
        if self.is_float:
            return ~(self.is_nodata(stored) | np.isnan(stored))
        if self.nodata is None:
            return np.ones(stored.shape, dtype=np.bool_)
        return np.asarray(stored != self.nodata, dtype=np.bool_)

    def physical(self, stored: float) -> float:
        """The physical value of one stored number, in units."""
        return float(stored) * self.scale + self.offset

    def as_json(self) -> dict[str, Any]:
        """Every field by name as strict JSON, NaN as text; without a range where none is declared."""
        described = asdict(self) | ({"nodata": "NaN"} if self.nodata is not None and math.isnan(self.nodata) else {})
        described.pop("valid_range")
        return described | ({} if self.valid_range is None else {"valid_range": list(self.valid_range)})

    def _check_valid_range(self) -> None:
        if self.valid_range is None:
            return
        low, high = self.valid_range
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            self._refuse("valid_range", "two finite numbers, the least first", self.valid_range)
        limits = np.finfo(self.dtype) if self.is_float else np.iinfo(self.dtype)
        whole = self.is_float or (low == int(low) and high == int(high))
        if not whole or not float(limits.min) <= low <= high <= float(limits.max):
            self._refuse("valid_range", f"stored numbers, which {self.dtype} holds", self.valid_range)

    def _check_nodata(self) -> None:
        if self.nodata is None:
            return
        if isinstance(self.nodata, bool):
            self._refuse("nodata", "a number or nothing", self.nodata)
        if self.is_float:
            self._check_float_nodata(float(self.nodata))
        else:
            self._check_integer_nodata(self.nodata)

    def _check_float_nodata(self, nodata: float) -> None:
        if math.isnan(nodata):
            return
        limits = np.finfo(self.dtype)
        if not float(limits.min) <= nodata <= float(limits.max) or float(np.dtype(self.dtype).type(nodata)) != nodata:
            self._refuse("nodata", f"NaN or a finite number that {self.dtype} holds exactly", nodata)

    def _check_integer_nodata(self, nodata: float) -> None:
        limits = np.iinfo(self.dtype)
        if not math.isfinite(nodata) or nodata != int(nodata) or not limits.min <= nodata <= limits.max:
            wanted = f"a whole number from {limits.min} to {limits.max}, as {self.dtype} holds (NaN only for floats)"
            self._refuse("nodata", wanted, nodata)

    def _refuse(self, field: str, wanted: str, got: object) -> NoReturn:
        raise ProductError(f"band {self.name!r}: field {field}: expected {wanted}, got {got!r}; correct the product")
