"""Functions of one value a pixel, and casts. What does not belong here: anything that changes a mask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from eo_pipeline.sandbox.errors import ServiceError
from eo_pipeline.sandbox.graph.band_math import OneValue, derived, mapped
from eo_pipeline.sandbox.graph.coercions import as_number
from eo_pipeline.sandbox.graph.images import Band, Image
from eo_pipeline.sandbox.graph.pixel_types import BOOLEAN, DOUBLE, FLOAT, Number, PixelType, pixel_type_of
from eo_pipeline.sandbox.graph.pixels import Raster
from eo_pipeline.sandbox.graph.registry import Family

FAMILY = Family()


@dataclass(frozen=True)
class Unary:
    """A function of one value.

    Attributes:
        values: what it computes, element by element.
        types: pixel type of the value -> that of the result.
    """

    values: OneValue
    types: Callable[[PixelType], PixelType]


def _smooth(function: OneValue) -> Unary:
    """A function of real numbers; double unless the input is float."""
    return Unary(lambda x: function(x.astype(np.float64)), lambda t: FLOAT if t.precision == "float" else DOUBLE)


def _abs_type(t: PixelType) -> PixelType:
    if t.low is None or t.high is None:
        return t
    low = 0 if t.low <= 0 <= t.high else min(abs(t.low), abs(t.high))
    return replace(t, low=low, high=max(abs(t.low), abs(t.high)))


def _whole_type(t: PixelType) -> PixelType:
    """Rounded values stay in a type of their size; ranges are widened to whole numbers."""
    if t.is_integer or t.low is None or t.high is None:
        return t
    return replace(t, low=float(np.floor(t.low)), high=float(np.ceil(t.high)))


def _whole(function: OneValue) -> Unary:
    return Unary(lambda x: x if x.dtype.kind in "iub" else function(x), _whole_type)


def _round(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.floor(x + 0.5))


def _bitwise_not_type(t: PixelType) -> PixelType:
    if not t.is_integer or t.low is None or t.high is None:
        return pixel_type_of("i8")
    return PixelType("int", -int(t.high) - 1, -int(t.low) - 1)


def _bit_count(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.bitwise_count(x.astype(np.int64).view(np.uint64)))


FUNCTIONS = {
    "abs": Unary(lambda x: np.abs(x.astype(np.int64) if x.dtype.kind in "iu" else x), _abs_type),
    "not": Unary(lambda x: x == 0, lambda _: BOOLEAN),
    "signum": Unary(np.sign, lambda _: PixelType("int", -1, 1)),
    "ceil": _whole(np.ceil),
    "floor": _whole(np.floor),
    "round": _whole(_round),
    "bitwiseNot": Unary(lambda x: ~x.astype(np.int64), _bitwise_not_type),
    "bitwise_not": Unary(lambda x: ~x.astype(np.int64), _bitwise_not_type),
    "bitCount": Unary(_bit_count, lambda _: PixelType("int", 0, 64)),
    **{
        name: _smooth(function)
        for name, function in {
            "sqrt": np.sqrt, "cbrt": np.cbrt, "exp": np.exp, "log": np.log, "log10": np.log10,
            "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
            "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
            "erf": special.erf, "erfc": special.erfc, "erfInv": special.erfinv, "erfcInv": special.erfcinv,
            "gamma": special.gamma, "digamma": special.digamma,
        }.items()
    },
}  # fmt: skip
"""Functions of one value by the short names of Image's and Array's."""

CASTS: Mapping[str, PixelType] = {
    "byte": pixel_type_of("u1"), "toByte": pixel_type_of("u1"), "uint8": pixel_type_of("u1"),
    "toUint8": pixel_type_of("u1"), "int8": pixel_type_of("i1"), "toInt8": pixel_type_of("i1"),
    "uint16": pixel_type_of("u2"), "toUint16": pixel_type_of("u2"), "short": pixel_type_of("i2"),
    "toShort": pixel_type_of("i2"), "int16": pixel_type_of("i2"), "toInt16": pixel_type_of("i2"),
    "uint32": pixel_type_of("u4"), "toUint32": pixel_type_of("u4"), "int": pixel_type_of("i4"),
    "toInt": pixel_type_of("i4"), "int32": pixel_type_of("i4"), "toInt32": pixel_type_of("i4"),
    "long": pixel_type_of("i8"), "toLong": pixel_type_of("i8"), "int64": pixel_type_of("i8"),
    "toInt64": pixel_type_of("i8"), "float": FLOAT, "toFloat": FLOAT, "double": DOUBLE, "toDouble": DOUBLE,
}  # fmt: skip
"""Pixel types by the short names of Image's casts."""


def cast_band(band: Band, target: PixelType) -> Band:
    """A band in another type; numbers outside an integer type become its nearest, fractions are cut towards zero."""
    return mapped(band, cut_to(target), target)


def cut_to(target: PixelType) -> OneValue:
    """How numbers come to lie within an integer type; numbers of floating-point types stay."""

    def cut(x: np.ndarray) -> np.ndarray:
        if not target.is_integer:
            return x
        if x.dtype.kind != "f":
            return np.asarray(np.clip(x, target.low, target.high))
        whole = np.trunc(np.nan_to_num(x, nan=0.0))
        beyond = whole >= float(target.high or 0)
        inside = np.clip(np.where(beyond, 0, whole), target.low, target.high).astype(target.dtype)
        return np.where(beyond, target.dtype.type(target.high), inside)

    return cut


def _of_each(image: Image, change: Callable[[Band], Band]) -> Image:
    return image.with_bands(*(change(band) for band in image.bands))


def _register(name: str, unary: Unary) -> None:
    def function(value: Image) -> Image:
        return _of_each(value, lambda band: mapped(band, unary.values, unary.types(band.pixel_type.of(0))))

    FAMILY.add(f"Image.{name}", function)


def _register_cast(name: str, target: PixelType) -> None:
    def function(value: Image) -> Image:
        return _of_each(value, lambda band: cast_band(band, target))

    FAMILY.add(f"Image.{name}", function)


for _name, _unary in FUNCTIONS.items():
    _register(_name, _unary)
for _name, _target in CASTS.items():
    _register_cast(_name, _target)


def unary(name: str, image: Image) -> Image:
    """The function or cast of a short name, for example sqrt or toFloat, on every band.

    Raises:
        KeyError: no such function.
    """
    function = FAMILY.members[f"Image.{name}"]
    result = function(image)
    if not isinstance(result, Image):
        raise TypeError(f"expected an Image from Image.{name}, got {type(result).__name__}")
    return result


@FAMILY.algorithm("Image.clamp")
def clamp(input_: Image, low: float, high: float) -> Image:
    """Values no smaller than low and no larger than high, in the input's type."""

    def limited(band: Band) -> Band:
        t = band.pixel_type
        ends = [_within(end, low, high) for end in (t.low, t.high)]
        target = replace(t, low=low if ends[0] is None else ends[0], high=high if ends[1] is None else ends[1])
        if t.is_integer and not (float(low).is_integer() and float(high).is_integer()):
            target = PixelType("double", low, high)
        elif t.is_integer:
            target = replace(target, low=int(target.low or 0), high=int(target.high or 0))
        return mapped(band, lambda x: np.clip(x.astype(np.float64), low, high), target)

    return _of_each(input_, limited)


def _within(value: Number | None, low: float, high: float) -> Number | None:
    return None if value is None else min(max(value, low), high)


@FAMILY.algorithm("Image.unitScale")
def unit_scale(input_: Image, low: float, high: float) -> Image:
    """Low becomes 0 and high 1, linearly; values outside go on beyond."""
    return _of_each(input_, lambda band: mapped(band, lambda x: (x - low) / (high - low), DOUBLE))


@FAMILY.algorithm("Image.cast")
def cast(image: Image, band_types: dict[str, object], band_order: list[str] | None) -> Image:
    """Named bands in other types, in the order asked for."""
    targets = {name: named_type(value) for name, value in band_types.items()}
    changed = {b.id: cast_band(b, targets[b.id]) if b.id in targets else b for b in image.bands}
    missing = [name for name in band_order or targets if name not in changed]
    if missing:
        raise ServiceError(f"Image.cast: No band named '{missing[0]}'.")
    return image.with_bands(*(changed[name] for name in (band_order or image.band_names)))


def named_type(value: object) -> PixelType:
    """A pixel type, or the one of a name such as uint16.

    Raises:
        ServiceError: no such name.
    """
    if isinstance(value, PixelType):
        return value
    if isinstance(value, str) and value in CASTS:
        return CASTS[value]
    raise ServiceError(f"PixelType: Cannot convert '{value}' to a pixel type.")


@FAMILY.algorithm("Image.remap")
def remap(image: Image, from_: list[object], to: list[object], default_value: object, band_name: str | None) -> Image:
    """Values of one band (the first by default) replaced by a table; others become the default, or masked."""
    sizes = len(from_), len(to)
    if 0 in sizes or sizes[0] != sizes[1]:
        raise ServiceError(
            f"Image.remap: Lists must have the same length of at least 1, got {sizes[0]} and {sizes[1]}."
        )
    chosen = [band for band in image.bands if band_name in (None, band.id)][:1]
    if not chosen:
        raise ServiceError(f"Image.remap: No band named '{band_name}'.")
    old, new = [as_number(value) for value in from_], [as_number(value) for value in to]
    default = None if default_value is None else as_number(default_value)
    targets = [*new, *([] if default is None else [default])]
    whole = all(isinstance(value, int) for value in targets)
    pixel_type = PixelType("int" if whole else "double", min(targets), max(targets))
    table = dict(zip(old, new, strict=True))
    keys = np.array(sorted(table), dtype=np.float64)
    values = np.array([table[key] for key in sorted(table)], dtype=np.float64)

    def looked_up(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.minimum(np.searchsorted(keys, pixels), len(keys) - 1)
        known = keys[place] == pixels
        return np.where(known, values[place], 0 if default is None else default).astype(pixel_type.dtype), known

    def replaced(raster: Raster) -> Raster:
        if raster.data.dtype == np.uint8:
            every, known = looked_up(np.arange(256))
            data, known = every[raster.data], known[raster.data]
        else:
            data, known = looked_up(raster.data)
        return Raster(data, raster.mask * known.astype(raster.mask.dtype) if default is None else raster.mask)

    return image.with_bands(replace(derived(chosen[0], replaced, pixel_type), id="remapped"))
